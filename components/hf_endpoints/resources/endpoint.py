"""The dynamic resources, each one thing in the engine's state, and the provider that they run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from hf_endpoints.core.importing import PROVIDER_NAME
from hf_endpoints.hub.settings import CONFIG_KEYS, TOKEN_KEY
from hf_endpoints.provider import EndpointProvider, SecurityGroupProvider, VpcEndpointProvider
from hf_endpoints.resources.runs import once_a_run


@once_a_run
def engine_provider() -> pulumi.ProviderResource:
    """The one provider of a program's run, with the settings that the plugin process needs and nothing else.

    Without it the engine makes a default one and stores the whole stack configuration as its inputs, in plain text:
    every secret that somebody wrote into the stack file as it is (seen with Pulumi 3.259.0). Its name lies in users'
    state.
    """
    settings = {key: pulumi.runtime.get_config(key) for key in CONFIG_KEYS}
    inputs: dict[str, pulumi.Input[str]] = {key: value for key, value in settings.items() if value is not None}
    if TOKEN_KEY in inputs:
        inputs[TOKEN_KEY] = pulumi.Output.secret(inputs[TOKEN_KEY])
    return pulumi.ProviderResource("pulumi-python", PROVIDER_NAME, inputs)


class Endpoint(Resource, module="hf-endpoints", name="Endpoint"):
    """An endpoint as the provider manages it; programs declare an `InferenceEndpoint` instead.

    Its type token and module path lie in users' state.
    """

    endpoint_name: pulumi.Output[str]
    created_at: pulumi.Output[str]
    compute: pulumi.Output[dict[str, Any]]
    provider: pulumi.Output[dict[str, Any]]
    run_state: pulumi.Output[str]

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register it; ``props`` are the spec's fields, ``namespace`` and ``owner``."""
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=engine_provider()))
        outputs = {"endpoint_name": None, "claim": None, "created_at": None}
        filled_in = {"run_state": None}  # read from the outputs also where the declaration leaves it out
        super().__init__(EndpointProvider(), name, {**filled_in, **props, **outputs}, opts)


class VpcEndpoint(Resource, module="hf-endpoints", name="VpcEndpoint"):
    """An interface VPC endpoint as its provider manages it; programs declare a `PrivateLink` instead."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register it; ``props`` are the fields of the link that describe it, ``owner`` and ``account_id``."""
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=engine_provider()))
        super().__init__(VpcEndpointProvider(), name, {**props, "claim": None}, opts)


class SecurityGroup(Resource, module="hf-endpoints", name="SecurityGroup"):
    """A security group as its provider manages it; a `PrivateLink` with ``allow_from`` makes one."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register it; ``props`` are the fields of the link that describe it, and ``owner``."""
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=engine_provider()))
        super().__init__(SecurityGroupProvider(), name, {**props, "claim": None}, opts)
