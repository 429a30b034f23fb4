"""A second implementation of the Inference Endpoints API: no account, no bill, and a clock one can move.

It shares no code with ``hf_endpoints`` on purpose: two programs that agree because they were written apart say
something about the API; a program that agrees with itself says nothing.

Modules know only what stands before them in this list: ``errors``, ``model`` (one endpoint's life), ``past`` (what
happened to it), ``logs`` (what its containers said), ``hardware``, ``hub_models``, ``hub_history``, ``clock``,
``strict_json``, ``redaction`` (what is secret), ``journal``, ``call_log``, ``declaration`` (what a caller asked for),
``fault_kinds``, ``faults``, ``endpoint`` (one of them at one moment), ``admission`` (what can be deployed at all),
``quotas``, ``world`` (all endpoints), ``vpc`` (services of private ones), ``ec2`` (AWS), ``links`` (who is connected),
``wire`` (JSON of endpoints), ``catalogue`` (JSON of hardware and models), ``recipes`` (the catalog), ``audit`` (who did
what), ``traffic`` (requests that came), ``metrics`` (graphs), ``description`` (OpenAPI), ``store`` (the state file),
``tokens``, ``answers`` (how JSON answers look), ``text`` (a language model), ``tasks`` (what the default container
computes), ``containers`` (what runs behind an address), ``http`` (routes), ``server`` (all parts joined), ``control``
(the command).
"""
