"""JSON of the control plane as it goes out: an ``Endpoint`` becomes the object that the API answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hf_reference.choices import DEFAULTS
from hf_reference.clock import rfc3339
from hf_reference.images import DEFAULT_PORT, Container
from hf_reference.model import Status
from hf_reference.vpc import UNLINKED, Link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hf_reference.choices import Choices
    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Endpoint, Person

Json: TypeAlias = dict[str, Any]


def render(endpoint: Endpoint, base_url: str, choices: Choices = DEFAULTS, link: Link = UNLINKED) -> Json:
    """Render ``EndpointWithStatus`` (OpenAPI 2.0.0); ``link`` is how far a private endpoint's connection is."""
    wanted = endpoint.declaration
    compute, model, scaling = wanted.compute, wanted.model, wanted.compute.scaling
    measure = scaling.measure
    provider = wanted.provider
    wire: Json = {
        "name": wanted.name,
        "type": wanted.type,
        "healthRoute": health_route(wanted),
        "tags": wanted.tags,
        "notifications": {},
        "experimentalFeatures": wanted.experimental_features.model_dump(by_alias=True, exclude_none=True),
        "provider": {"vendor": provider.vendor, "region": provider.region},
        "compute": {
            "id": f"{provider.vendor}-{provider.region}-{compute.instance_type}-{compute.instance_size}",
            "accelerator": compute.accelerator,
            "instanceType": compute.instance_type,
            "instanceSize": compute.instance_size,
            "scaling": {
                "minReplica": scaling.min_replica,
                "maxReplica": scaling.max_replica,
                "scaleToZeroTimeout": scaling.scale_to_zero_timeout,
                "metric": measure.metric,
                "measure": {measure.metric: measure.threshold},
            },
        },
        "model": {
            "repository": model.repository,
            "revision": model.revision,
            "task": model.task,
            "framework": model.framework,
            "image": render_image(wanted),
            "args": model.args,
            "command": model.command,
            "env": model.env,
            "secrets": _secrets(model.secrets, choices),
            "fromCatalog": model.from_catalog,
        },
        "privateService": None
        if wanted.private_service is None
        else wanted.private_service.model_dump(by_alias=True, exclude_none=True),
        "route": None if wanted.route is None else wanted.route.model_dump(by_alias=True),
        "status": _status(endpoint, base_url, choices, link),
    }
    if wanted.custom_router is not None:  # guessed: the key is not among those that OpenAPI 2.0.0 has in an answer
        wire["customRouter"] = wanted.custom_router.model_dump(by_alias=True, exclude_none=True)
    return wire


def _secrets(secrets: Iterable[str], choices: Choices) -> Json:
    """Render what can be seen of secrets: never a value."""
    match choices.secrets_echo:
        case "null":
            return dict.fromkeys(secrets)
        case "empty":
            return dict.fromkeys(secrets, "")
        case "absent":
            return {}


def health_route(declaration: Declaration) -> str:
    """Give the image's own route, else ``/health``; never null, for huggingface_hub 2.4.0 cannot wait on null."""
    _, image = declaration.model.image.variant
    return (image.health_route if isinstance(image, Container) else None) or "/health"


def render_image(declaration: Declaration) -> Json:
    """Render the one-key image; credentials come back blank (huggingface_hub issue 4661)."""
    variant, image = declaration.model.image.variant
    inner = image.model_dump(by_alias=True, exclude_none=True)
    if isinstance(image, Container):
        inner.setdefault("port", DEFAULT_PORT)
        if "credentials" in inner:
            inner["credentials"] = {"username": "", "password": None}
    return {variant: inner}


def address(endpoint: Endpoint, base_url: str, choices: Choices = DEFAULTS, link: Link = UNLINKED) -> str | None:
    """Where the endpoint answers, or None while nobody may know.

    The client's fixtures show no URL before the first ``running`` and none while paused; old docs say it comes back
    the same. One behind PrivateLink has none before it is connected (guide).
    """
    early = not endpoint.deployed and choices.url_before_running == "hidden"
    paused = endpoint.life.status is Status.PAUSED and choices.url_while_paused == "hidden"
    base = base_url if endpoint.declaration.private_service is None else link.base_url
    if early or paused or base is None:
        return None
    return f"{base}/e/{endpoint.label}"


def _status(endpoint: Endpoint, base_url: str, choices: Choices, link: Link) -> Json:
    life = endpoint.life
    wire: Json = {
        "state": life.status.value,
        "message": life.message,
        "createdAt": rfc3339(endpoint.created_at),
        "createdBy": _person(endpoint.created_by),
        "updatedAt": rfc3339(endpoint.updated_at),
        "updatedBy": _person(endpoint.updated_by),
        "readyReplica": life.ready,
        "targetReplica": life.target,
        "url": address(endpoint, base_url, choices, link),
        "private": None if endpoint.declaration.private_service is None else {"serviceName": link.service_name},
    }
    if life.error is not None:
        wire["errorMessage"] = life.error
    if endpoint.last_used_at is not None:
        wire["lastUsedAt"] = rfc3339(endpoint.last_used_at)
    return wire


def _person(person: Person) -> Json:
    return {"id": person.id, "name": person.name}
