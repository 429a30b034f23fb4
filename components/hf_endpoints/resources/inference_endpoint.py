"""`InferenceEndpoint`: the component that a program declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from hf_endpoints.core.advice import advice
from hf_endpoints.core.naming import COMPONENT_TYPE, owner_of
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiUnwell, DeclarationError, HfEndpointsError, NotSettled
from hf_endpoints.provider.guarding import GUARDRAILS
from hf_endpoints.provider.provider import RETAINED
from hf_endpoints.resources.endpoint import Endpoint
from hf_endpoints.resources.guardrails import program_guardrails
from hf_endpoints.resources.properties import plain, with_parents, with_secrets, with_unknowns
from hf_endpoints.resources.watches import last_log_lines, watch_of
from hf_endpoints.spec import EndpointSpec, is_known, parse_spec
from hf_endpoints.spec.options import Options


class InferenceEndpoint(pulumi.ComponentResource):
    """An Inference Endpoint that serves when ``pulumi up`` has ended.

    ``spec`` is an `EndpointSpec` or a mapping of the same shape, in which values may be Pulumi outputs (but for
    ``wait``, ``timeouts``, ``run_state`` and ``options``); ``namespace`` is the user or organisation that it belongs
    to, by default the stack's ``hf-endpoints:namespace``. Raises `pulumi.RunError` with one line per mistake in the
    declaration.
    """

    url: pulumi.Output[str | None]
    """Base URL of the model; None while it is paused, and for a private endpoint that nothing is connected to."""
    name: pulumi.Output[str]
    """Name in the namespace."""
    service_name: pulumi.Output[str | None]
    """VPC service to connect to, of a private endpoint; None otherwise."""
    endpoint_id: pulumi.Output[str]
    """`namespace/name`."""
    namespace: pulumi.Output[str]
    """User or organisation that it belongs to."""
    declared: EndpointSpec
    """What is known of its declaration."""
    checked: pulumi.Output[dict[str, Any]]
    """The part of its declaration that cost and guardrails hang on, as the provider has completed it."""

    def __init__(
        self,
        name: str,
        spec: EndpointSpec | Mapping[str, Any],
        *,
        namespace: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare it under the logical name ``name``."""
        declaration = plain(spec)
        known = _known_spec(name, declaration)
        opts = _with_options(opts, known.options)
        ignored = opts.ignore_changes or []
        declaration = with_parents(declaration, ignored)
        super().__init__(COMPONENT_TYPE, name, {}, opts)
        namespace = namespace or pulumi.Config("hf-endpoints").require("namespace")
        self.declared, self.namespace = known, pulumi.Output.from_input(namespace)
        endpoint = Endpoint(
            name,
            {
                **{key: value for key, value in with_secrets(declaration).items() if key != "options"},
                "namespace": namespace,
                "owner": owner_output(self),
                **_guardrails(),
                **({RETAINED: True} if opts.retain_on_delete else {}),
            },
            pulumi.ResourceOptions(
                parent=self,
                protect=opts.protect,
                retain_on_delete=opts.retain_on_delete,
                ignore_changes=ignored,
            ),
        )
        seen: pulumi.Output[Any] = pulumi.Output.all(namespace, endpoint.endpoint_name).apply(
            lambda found: self._observe(found[0], found[1], known)
        )
        self.url = seen.apply(lambda found: found.url)
        self.name = endpoint.endpoint_name
        self.service_name = seen.apply(lambda found: found.service_name)
        self.endpoint_id = endpoint.id
        self.checked = pulumi.Output.from_input(
            {"compute": endpoint.compute, "provider": endpoint.provider, "run_state": endpoint.run_state}
        )
        self.register_outputs(
            {"url": self.url, "name": self.name, "service_name": self.service_name, "endpoint_id": self.endpoint_id}
        )

    async def _observe(self, namespace: str, name: str, spec: EndpointSpec) -> Any:  # noqa: ANN401
        """What the API says of the endpoint: in ``up`` once it rests as declared, in a preview as it is now.

        A preview makes one list call for all endpoints of a namespace; what it cannot see stays unknown, as it must
        work without network.
        """
        watch = watch_of(namespace)
        waits = spec.wait and not pulumi.runtime.is_dry_run()
        found: Observation | None = None
        failure: HfEndpointsError | None = None
        with watch.busy():
            try:
                if waits:
                    found = await watch.settled(name, spec.timeouts.settle * 60, self._report, spec.run_state)
                else:
                    found = (await watch.picture()).get(name)
            except HfEndpointsError as error:
                if not waits and isinstance(error, ApiUnwell):
                    return pulumi.output.UNKNOWN
                pulumi.log.error(await self._with_logs(namespace, name, error), resource=self)
                failure = error
        if failure is not None:
            await watch.all_done()
            raise pulumi.RunError(str(failure))
        if found is not None and found.state == "paused" and spec.run_state == "running":
            message = f"endpoint {name!r} is paused: it serves nobody; after 'pulumi refresh', 'pulumi up' resumes it"
            pulumi.log.warn(message, resource=self)
        return pulumi.output.UNKNOWN if found is None else found

    async def _with_logs(self, namespace: str, name: str, error: HfEndpointsError) -> str:
        """The error with the last lines that the container wrote, where there are any, and what to try."""
        if not isinstance(error, NotSettled):
            return str(error)
        log = await last_log_lines(namespace, name)
        shown = ["its last log lines:", *(f"  {line}" for line in log)] if log else []
        steps = [f"try: {step}" for step in advice(str(error), log, f"{namespace}/{name}")]
        return "\n".join([str(error), *shown, *steps])

    def _report(self, words: str) -> None:
        pulumi.log.info(words, resource=self, ephemeral=True)


def _known_spec(name: str, declaration: Any) -> EndpointSpec:  # noqa: ANN401  whatever a program declares
    """What is known of the declaration, validated; what the program itself needs has to be known."""
    if not name:
        message = "endpoint '': needs a logical name, which is empty"
        raise pulumi.RunError(message)
    try:
        spec = parse_spec(with_unknowns(declaration), name)
    except DeclarationError as error:
        raise pulumi.RunError(str(error)) from None
    needed = {"wait": spec.wait, "timeouts": spec.timeouts, "run_state": spec.run_state, "options": spec.options}
    unknown = [path for path, value in needed.items() if not is_known(value)]
    if not unknown and not is_known(spec.timeouts.settle):
        unknown = ["timeouts.settle"]
    if unknown:
        message = f"endpoint {name!r}: {unknown[0]}: needs to be a plain value, not an output"
        raise pulumi.RunError(message)
    return spec


def _guardrails() -> dict[str, Any]:
    """The input that hands the stack's guardrails to ``check``."""
    try:
        guardrails = program_guardrails()
    except DeclarationError as error:
        raise pulumi.RunError(str(error)) from None
    return {} if guardrails is None else {GUARDRAILS: guardrails.model_dump(exclude_defaults=True)}


def _with_options(opts: pulumi.ResourceOptions | None, declared: Options | None) -> pulumi.ResourceOptions:
    """The program's options with the declaration's on top."""
    if declared is None:
        return opts or pulumi.ResourceOptions()
    given = pulumi.ResourceOptions(
        protect=declared.protect,
        retain_on_delete=declared.retain_on_delete,
        ignore_changes=declared.ignore_changes,
        aliases=[pulumi.Alias(name=alias) for alias in declared.aliases or []],
    )
    return pulumi.ResourceOptions.merge(opts, given)


def owner_output(component: pulumi.ComponentResource) -> pulumi.Output[str]:
    """The component's owner name as a value without dependencies: a child cannot depend on its parent."""

    async def known() -> str:
        return owner_of(await component.urn.future() or "")

    return pulumi.Output(set(), known(), component.urn.is_known())
