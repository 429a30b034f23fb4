"""`InferenceEndpoint`: the component that a program declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from hf_endpoints.core.naming import COMPONENT_TYPE, owner_of
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiUnwell, DeclarationError, HfEndpointsError
from hf_endpoints.resources.endpoint import Endpoint
from hf_endpoints.resources.properties import plain, with_secrets, with_unknowns
from hf_endpoints.resources.watches import watch_of
from hf_endpoints.spec import EndpointSpec, is_known, parse_spec


class InferenceEndpoint(pulumi.ComponentResource):
    """An Inference Endpoint that serves when ``pulumi up`` has ended.

    ``spec`` is an `EndpointSpec` or a mapping of the same shape, in which values may be Pulumi outputs (but for
    ``wait`` and ``timeouts``); ``namespace`` is the user or organisation that it belongs to, by default the stack's
    ``hf-endpoints:namespace``. Raises `pulumi.RunError` with one line per mistake in the declaration.
    """

    url: pulumi.Output[str | None]
    """Base URL of the model; None while it is paused, and for a private endpoint that nothing is connected to."""
    name: pulumi.Output[str]
    """Name in the namespace."""
    service_name: pulumi.Output[str | None]
    """VPC service to connect to, of a private endpoint; None otherwise."""
    endpoint_id: pulumi.Output[str]
    """`namespace/name`."""

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
        timeout_s = _settle_timeout_s(name, declaration)
        super().__init__(COMPONENT_TYPE, name, {}, opts)
        namespace = namespace or pulumi.Config("hf-endpoints").require("namespace")
        endpoint = Endpoint(
            name,
            {**with_secrets(declaration), "namespace": namespace, "owner": _owner(self)},
            pulumi.ResourceOptions(parent=self),
        )
        seen: pulumi.Output[Any] = pulumi.Output.all(namespace, endpoint.endpoint_name).apply(
            lambda found: self._observe(found[0], found[1], timeout_s)
        )
        self.url = seen.apply(lambda found: found.url)
        self.name = endpoint.endpoint_name
        self.service_name = seen.apply(lambda found: found.service_name)
        self.endpoint_id = endpoint.id
        self.register_outputs(
            {"url": self.url, "name": self.name, "service_name": self.service_name, "endpoint_id": self.endpoint_id}
        )

    async def _observe(self, namespace: str, name: str, timeout_s: float | None) -> Any:  # noqa: ANN401
        """What the API says of the endpoint: in ``up`` once it serves, in a preview as it is now.

        A preview makes one list call for all endpoints of a namespace; what it cannot see stays unknown, as it must
        work without network.
        """
        watch = watch_of(namespace)
        waits = timeout_s is not None and not pulumi.runtime.is_dry_run()
        found: Observation | None
        try:
            if waits and timeout_s is not None:
                found = await watch.settled(name, timeout_s, self._report)
            else:
                found = (await watch.picture()).get(name)
        except HfEndpointsError as error:
            if not waits and isinstance(error, ApiUnwell):
                return pulumi.output.UNKNOWN
            pulumi.log.error(str(error), resource=self)
            await watch.all_done()
            raise pulumi.RunError(str(error)) from None
        if found is not None and found.state == "paused":
            pulumi.log.warn(f"endpoint {name!r} is paused: it serves nobody until it is resumed", resource=self)
        return pulumi.output.UNKNOWN if found is None else found

    def _report(self, words: str) -> None:
        pulumi.log.info(words, resource=self, ephemeral=True)


def _settle_timeout_s(name: str, declaration: Any) -> float | None:  # noqa: ANN401  whatever a program declares
    """Validate what is known of the declaration; the longest wait in seconds, or None for no wait."""
    try:
        spec = parse_spec(with_unknowns(declaration), name)
    except DeclarationError as error:
        raise pulumi.RunError(str(error)) from None
    if not (is_known(spec.wait) and is_known(spec.timeouts) and is_known(spec.timeouts.settle)):
        message = f"endpoint {name!r}: wait and timeouts need to be plain values, not outputs"
        raise pulumi.RunError(message)
    return spec.timeouts.settle * 60 if spec.wait else None


def _owner(component: pulumi.ComponentResource) -> pulumi.Output[str]:
    """The component's owner name as a value without dependencies: a child cannot depend on its parent."""

    async def known() -> str:
        return owner_of(await component.urn.future() or "")

    return pulumi.Output(set(), known(), component.urn.is_known())
