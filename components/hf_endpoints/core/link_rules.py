"""What has to hold between a private link and the endpoints that it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import EndpointSpec, PrivateLinkSpec, is_known
from hf_endpoints.spec.endpoint import PrivateService


def check_endpoints(link: str, spec: PrivateLinkSpec, endpoints: Mapping[str, EndpointSpec]) -> None:
    """Raise `DeclarationError` unless one private link can lead to all of these endpoints.

    ``endpoints`` are the declarations by logical name; what is not known yet is not judged.
    """
    problems: list[str] = []
    places: dict[str, PrivateService] = {}
    for name, declared in endpoints.items():
        service = declared.private_service
        if service is None:
            problems.append(f"endpoints: {name!r} is not private: declare private_service in it")
        elif not is_known(service):
            problems.append(f"endpoints: private_service of {name!r} needs to be a plain value, not an output")
        else:
            places[name] = service
            if len(endpoints) > 1 and service.shared is not True:
                problems.append(
                    f"endpoints: {name!r} needs 'private_service.shared: true' to share the link with others"
                )
    problems += [*_in_one_account(places), *_in_one_region(places, spec)]
    if problems:
        raise DeclarationError(*(f"private link {link!r}: {problem}" for problem in problems))


def _in_one_account(places: Mapping[str, PrivateService]) -> Iterator[str]:
    accounts = _holders({name: service.account_id for name, service in places.items() if service.account_id})
    if len(accounts) > 1:
        yield f"endpoints: private_service.account_id differs: {_shown(accounts)}: declare one link for each account"


def _in_one_region(places: Mapping[str, PrivateService], spec: PrivateLinkSpec) -> Iterator[str]:
    regions = _holders({name: service.region for name, service in places.items()})
    if len(regions) > 1:
        yield f"endpoints: private_service.region differs: {_shown(regions)}: declare one link for each region"
    elif spec.region is not None and is_known(spec.region) and regions and spec.region not in regions:
        yield f"region: {spec.region!r} is not private_service.region of its endpoints, {next(iter(regions))!r}"
    if spec.region is None:
        for name, service in places.items():
            if not is_known(service.region):
                yield f"region: is missing: private_service.region of {name!r} is an output"


def one_service(link: str, names: Mapping[str, str]) -> str:
    """The VPC service that all endpoints have; ``names`` are the services by logical name of the endpoint.

    Raises `DeclarationError` where they differ.
    """
    services = _holders(names)
    if len(services) > 1:
        subject = f"private link {link!r}: endpoints: their VPC services differ"
        message = f"{subject}: {_shown(services)}: give each a private link of its own"
        raise DeclarationError(message)
    return next(iter(services))


def _holders(values: Mapping[str, str]) -> dict[str, str]:
    """Each known value with the first endpoint that has it."""
    holders: dict[str, str] = {}
    for endpoint, value in values.items():
        if is_known(value):
            holders.setdefault(value, endpoint)
    return holders


def _shown(holders: Mapping[str, str]) -> str:
    return ", ".join(f"{endpoint!r} has {value!r}" for value, endpoint in holders.items())
