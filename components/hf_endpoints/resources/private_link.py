"""`PrivateLink`: the component that leads from a VPC to private endpoints, in two phases.

First each endpoint gets the name of a VPC service; then a VPC endpoint connects to it, and only then each gets its URL.
All waits are in the program, as those for endpoints are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import pulumi

from hf_endpoints.aws.ec2 import Ec2
from hf_endpoints.core.link_rules import check_endpoints, one_service
from hf_endpoints.core.naming import PRIVATE_LINK_TYPE
from hf_endpoints.core.private_link import judge_service_name, judge_url
from hf_endpoints.errors import ApiUnwell, DeclarationError, HfEndpointsError
from hf_endpoints.resources.available import until_available
from hf_endpoints.resources.endpoint import SecurityGroup, VpcEndpoint
from hf_endpoints.resources.inference_endpoint import InferenceEndpoint, owner_output
from hf_endpoints.resources.properties import plain, together, with_unknowns
from hf_endpoints.resources.settle import Goal
from hf_endpoints.resources.watches import watch_of
from hf_endpoints.spec import DeclaredField, PrivateLinkSpec, fields_on, is_known, parse_private_link
from hf_endpoints.spec.endpoint import PrivateService
from hf_endpoints.spec.private_link import SECURITY_GROUP, VPC_ENDPOINT


class PrivateLink(pulumi.ComponentResource):
    """A way from a VPC to private endpoints, which answer through it when ``pulumi up`` has ended.

    ``endpoints`` are the private `InferenceEndpoint` objects that it leads to, or ``service_name`` is a VPC service by
    name. The interface VPC endpoint is made in ``vpc_id`` and ``subnet_ids``, with ``security_group_ids`` or a group
    that lets ``allow_from`` in; or it is managed elsewhere and named by ``vpc_endpoint_id``. All fields: the reference
    of fields. Raises `pulumi.RunError` with one line per mistake.
    """

    vpc_endpoint_id: pulumi.Output[str]
    """Id of the VPC endpoint."""
    network_interface_ids: pulumi.Output[list[str]]
    """Its network interfaces, one for each subnet; empty where it is managed elsewhere."""
    dns_names: pulumi.Output[list[str]]
    """Its names in DNS; empty where it is managed elsewhere."""
    urls: pulumi.Output[dict[str, str | None]]
    """URL of each endpoint by its logical name, as it answers inside the VPC; None while it is paused."""
    url: pulumi.Output[str | None]
    """The URL, of a link that leads to one endpoint."""
    endpoint_names: list[str]
    """Logical names of the endpoints that it leads to."""

    def __init__(
        self,
        name: str,
        *,
        endpoints: Sequence[InferenceEndpoint] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **fields: Any,  # noqa: ANN401  values or outputs of every field
    ) -> None:
        """Declare it under the logical name ``name``; ``fields`` are those of `PrivateLinkSpec`."""
        declaration = {key: plain(value) for key, value in fields.items() if value is not None}
        self._endpoints = {endpoint.pulumi_resource_name: endpoint for endpoint in endpoints or []}
        try:
            self._spec = _known_spec(name, declaration, list(self._endpoints) if endpoints is not None else None)
            if self._spec.service_name is None:
                check_endpoints(name, self._spec, {key: one.declared for key, one in self._endpoints.items()})
        except DeclarationError as error:
            raise pulumi.RunError(str(error)) from None
        self.endpoint_names = list(self._endpoints)
        super().__init__(PRIVATE_LINK_TYPE, name, {}, opts)
        self._opts = pulumi.ResourceOptions(
            parent=self,
            protect=opts.protect if opts else None,
            retain_on_delete=opts.retain_on_delete if opts else None,
        )
        if self._spec.vpc_endpoint_id is not None:
            connected = pulumi.Output.from_input(declaration["vpc_endpoint_id"]).apply(lambda id_: (id_, (), ()))
        else:
            connected = self._made(name, declaration)
        self.vpc_endpoint_id = connected.apply(lambda found: found[0])
        self.network_interface_ids = connected.apply(lambda found: list(found[1]))
        self.dns_names = connected.apply(lambda found: list(found[2]))
        self.urls = self._all_urls(connected)
        self.url = self.urls.apply(lambda urls: next(iter(urls.values())) if len(urls) == 1 else None)
        self.register_outputs(
            {
                "vpc_endpoint_id": self.vpc_endpoint_id,
                "network_interface_ids": self.network_interface_ids,
                "dns_names": self.dns_names,
                "urls": self.urls,
                "url": self.url,
            }
        )

    def url_of(self, endpoint: str) -> pulumi.Output[str | None]:
        """The URL of one of its endpoints, by logical name."""
        return self.urls.apply(lambda urls: urls[endpoint])

    def _made(self, name: str, declaration: dict[str, Any]) -> pulumi.Output[Any]:
        """The resources in AWS; id, interfaces and DNS names of the VPC endpoint once it is available."""
        first = next(iter(self._endpoints.values()), None)
        service = first.declared.private_service if first is not None else None
        owner = owner_output(self)
        declared = {
            "region": service.region if service is not None and is_known(service.region) else None,
            "private_dns": self._spec.private_dns,
            **declaration,
        }
        if self._spec.allow_from is not None:
            props = {**_described(declared, fields_on(SECURITY_GROUP)), "owner": owner}
            declared["security_group_ids"] = [SecurityGroup(name, props, self._opts).id]
        if self._endpoints:
            declared["service_name"] = self._service_name()
        account = service.account_id if service is not None and is_known(service.account_id) else None
        rest = {"owner": owner, "account_id": account, "adopt": declaration.get("adopt")}
        props = {**_described(declared, fields_on(VPC_ENDPOINT)), **rest}
        vpc_endpoint = VpcEndpoint(name, {key: value for key, value in props.items() if value is not None}, self._opts)
        seen: pulumi.Output[Any] = pulumi.Output.all(vpc_endpoint.id, declared["region"]).apply(
            lambda found: self._available(found[0], found[1])
        )
        return seen.apply(lambda found: (found.id, found.network_interface_ids, found.dns_names))

    def _service_name(self) -> pulumi.Output[str]:
        """The one VPC service of all endpoints."""
        names = [
            pulumi.Output.all(endpoint.namespace, endpoint.name, endpoint.declared.private_service).apply(
                lambda found: self._named(found[0], found[1], found[2])
            )
            for endpoint in self._endpoints.values()
        ]
        return pulumi.Output.all(*names).apply(self._the_same)

    async def _named(self, namespace: str, name: str, service: PrivateService | None) -> Any:  # noqa: ANN401
        """The name of the endpoint's VPC service; in a preview as far as it can be told."""
        watch = watch_of(namespace)
        if pulumi.runtime.is_dry_run():
            try:
                found = await watch.picture()
            except ApiUnwell:
                return pulumi.output.UNKNOWN
            own = found.get(name)
            alike = [one for one in found.values() if _shares(service, one.tree.get("private_service"))]
            named = [one.service_name for one in (own, *alike) if one is not None and one.service_name is not None]
            return named[0] if named else pulumi.output.UNKNOWN
        goal = Goal("has no VPC service", "timeouts.service_name of the private link", judge_service_name)
        timeout_s = self._spec.timeouts.service_name * 60
        seen = await self._or_say_why(namespace, watch.reached(name, goal, timeout_s, self._report))
        return seen.service_name

    def _the_same(self, names: list[str]) -> str:
        try:
            return one_service(self.pulumi_resource_name, dict(zip(self._endpoints, names, strict=True)))
        except DeclarationError as error:
            raise pulumi.RunError(str(error)) from None

    async def _available(self, id_: str, region: str) -> Any:  # noqa: ANN401
        """The VPC endpoint once it is available; in a preview as it is now."""
        if pulumi.runtime.is_dry_run():
            try:
                found = await asyncio.to_thread(Ec2(region).vpc_endpoint, id_)
            except HfEndpointsError:
                found = None
            return pulumi.output.UNKNOWN if found is None else found
        first = next(iter(self._endpoints.values()), None)
        namespace = None if first is None else await first.namespace.future()
        wait = until_available(
            lambda: asyncio.to_thread(Ec2(region).vpc_endpoint, id_),
            f"VPC endpoint {id_!r} of private link {self.pulumi_resource_name!r}",
            self._spec.timeouts.available * 60,
            self._report,
        )
        return await self._or_say_why(namespace, wait)

    def _all_urls(self, connected: pulumi.Output[Any]) -> pulumi.Output[dict[str, str | None]]:
        """The URL of each endpoint, once its VPC endpoint is connected."""
        return together(
            {
                key: pulumi.Output.all(connected, endpoint.namespace, endpoint.name).apply(
                    lambda found: self._url(found[0][0], found[1], found[2])
                )
                for key, endpoint in self._endpoints.items()
            }
        )

    async def _url(self, id_: str, namespace: str, name: str) -> Any:  # noqa: ANN401
        watch = watch_of(namespace)
        if pulumi.runtime.is_dry_run() or not self._spec.wait:
            try:
                found = (await watch.picture()).get(name)
            except ApiUnwell:
                found = None
            return found.url if found is not None else pulumi.output.UNKNOWN if pulumi.runtime.is_dry_run() else None
        goal = Goal(
            f"has no URL behind VPC endpoint {id_!r} of private link {self.pulumi_resource_name!r}",
            "timeouts.url of the private link",
            judge_url,
        )
        timeout_s = self._spec.timeouts.url * 60
        seen = await self._or_say_why(namespace, watch.reached(name, goal, timeout_s, self._report))
        return seen.url

    async def _or_say_why(self, namespace: str | None, wait: Awaitable[Any]) -> Any:  # noqa: ANN401
        """The result of a wait; a failure is shown on the link's row and lets the others' waits end first."""
        watch = watch_of(namespace) if namespace is not None else None
        try:
            with watch.busy() if watch is not None else nullcontext():
                return await wait
        except HfEndpointsError as error:
            message = str(error)
        pulumi.log.error(message, resource=self)
        if watch is not None:
            await watch.all_done()
        raise pulumi.RunError(message)

    def _report(self, words: str) -> None:
        pulumi.log.info(words, resource=self, ephemeral=True)


def _known_spec(name: str, declaration: dict[str, Any], endpoints: list[str] | None) -> PrivateLinkSpec:
    given = {} if endpoints is None else {"endpoints": endpoints}
    spec = parse_private_link({**with_unknowns(declaration), **given}, name)
    for path, value in (("wait", spec.wait), ("timeouts", spec.timeouts)):
        if not is_known(value):
            message = f"private link {name!r}: {path}: needs to be a plain value, not an output"
            raise DeclarationError(message)
    return spec


def _described(declared: Mapping[str, Any], fields: Sequence[DeclaredField]) -> dict[str, Any]:
    names = [field.path[0] for field in fields]
    return {name: declared[name] for name in names if declared.get(name) is not None}


def _shares(service: PrivateService | None, seen: Mapping[str, Any] | None) -> bool:
    """Whether an endpoint that exists shares the VPC service that a declared one will get."""
    if service is None or seen is None or not (service.shared is True and seen.get("shared") is True):
        return False
    accounts = {service.account_id or seen.get("account_id"), seen.get("account_id")}
    return service.region == seen.get("region") and len(accounts) == 1
