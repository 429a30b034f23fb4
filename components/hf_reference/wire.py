"""JSON of the control plane, in and out.

In: a body becomes a ``Declaration``; PUT merges its body into the stored one and validates the whole. Out: an
``Endpoint`` becomes the object that the API answers with, all server-filled values included.

How PUT merges: objects field by field; ``image``, ``args``, ``command``, ``env``, ``secrets``, ``tags`` and
``measure`` are replaced whole (huggingface_hub 2.4.0 guides and issue 4661; for ``secrets`` and ``tags`` guessed).
``null`` means "no change", but turns off ``scaleToZeroTimeout`` and removes ``route`` and ``kvRouter`` (guessed: not
published). ``customRouter: {}`` removes the router (documentation); ``cacheHttpResponses`` at the top level, where
huggingface_hub 2.4.0 sends it, is kept among the experimental features, where OpenAPI 2.0.0 has it.
``name``, ``provider`` and ``privateService`` are not in the update schema and are dropped.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic import ValidationError

from hf_reference.clock import rfc3339
from hf_reference.declaration import DEFAULT_PORT, DEFAULT_SCALE_TO_ZERO_MIN, Container, Declaration
from hf_reference.errors import InvalidError, UnparsableError
from hf_reference.model import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic_core import ErrorDetails

    from hf_reference.endpoint import Endpoint, Person

Json: TypeAlias = dict[str, Any]

_REPLACED: Final = frozenset({"image", "args", "command", "env", "secrets", "tags", "customRouter", "route"})
_NULL_COUNTS: Final = frozenset({"scaleToZeroTimeout", "task", "kvRouter"})
_NOT_IN_UPDATE: Final = frozenset({"name", "provider", "privateService"})
_SEALED: Final = "sha256:"


# In


def parse_object(body: bytes) -> Json:
    """Parse a JSON object.

    :raises UnparsableError: it is not one.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        message = f"Failed to parse the request body as JSON: {error}"
        raise UnparsableError(message) from error
    if not isinstance(value, dict):
        message = "Failed to parse the request body as JSON: expected an object"
        raise UnparsableError(message)
    return value


def parse_create(body: bytes) -> Declaration:
    """Parse and validate the body of a POST.

    :raises UnparsableError: a value has the wrong type.
    :raises InvalidError: a field is missing, or a value is not acceptable.
    """
    wire = _cleaned(parse_object(body))
    scaling = _scaling(wire)
    if scaling is not None and scaling.get("minReplica") == 0 and scaling.get("scaleToZeroTimeout") is None:
        scaling["scaleToZeroTimeout"] = DEFAULT_SCALE_TO_ZERO_MIN
    if wire.get("type") == "protected":
        wire["type"] = "private"  # measured in July 2026: accepted, and read as "private"
    return _validated(wire)


def from_catalog(body: Json) -> Declaration:
    """Give the declaration that a recipe stands for; only here can it be marked as such."""
    made = parse_create(json.dumps(body).encode())
    return made.model_copy(update={"model": made.model.model_copy(update={"from_catalog": True})})


def parse_update(body: bytes) -> Callable[[Declaration], Declaration]:
    """Parse the body of a PUT and give the edit that it is.

    :raises UnparsableError: the body is not a JSON object; calling the edit may also raise ``InvalidError``.
    """
    sent = parse_object(body)
    patch = {k: v for k, v in _cleaned(sent).items() if k not in _NOT_IN_UPDATE}
    if "route" in sent and sent["route"] is None:
        patch["route"] = None
    if patch.get("customRouter") == {}:
        patch["customRouter"] = None
    if patch.get("type") == "protected":
        patch["type"] = "private"

    def edit(old: Declaration) -> Declaration:
        stored = old.model_dump(by_alias=True, exclude_none=True)
        stored["model"]["image"] = render_image(old, redact=False)
        model = patch.get("model")
        if isinstance(model, dict) and model.get("repository", old.model.repository) != old.model.repository:
            # Guessed: another repository gets its own default branch and task.
            stored["model"].pop("revision", None)
            stored["model"].pop("task", None)
        scaling = _scaling(patch)
        starts_idling = scaling is not None and scaling.get("minReplica") == 0 < old.compute.scaling.min_replica
        if starts_idling and scaling is not None and "scaleToZeroTimeout" not in scaling:
            stored["compute"]["scaling"]["scaleToZeroTimeout"] = (
                old.compute.scaling.scale_to_zero_timeout or DEFAULT_SCALE_TO_ZERO_MIN
            )
        return _validated(_merged(stored, patch))

    return edit


def _merged(old: Json, patch: Json) -> Json:
    new = dict(old)
    for key, value in patch.items():
        before = old.get(key)
        if key not in _REPLACED and isinstance(value, dict) and isinstance(before, dict):
            new[key] = _merged(before, value)
        else:
            new[key] = value
    return new


def _cleaned(sent: Json) -> Json:
    """Seal secrets, drop what is read only and nulls that mean "absent", and bring the scaling metric into one form."""
    wire = _without_nulls(_sealed(sent))
    scaling = _scaling(wire)
    if scaling is not None:
        _unify_measure(scaling, _scaling(sent) or {})
    cached = wire.pop("cacheHttpResponses", None)
    if cached is not None:
        features = wire.get("experimentalFeatures", {})
        if isinstance(features, dict):  # what stands there already counts (guessed)
            wire["experimentalFeatures"] = {"cacheHttpResponses": cached, **features}
    return wire


def _scaling(wire: Json) -> Json | None:
    compute = wire.get("compute")
    scaling = compute.get("scaling") if isinstance(compute, dict) else None
    return scaling if isinstance(scaling, dict) else None


def _unify_measure(scaling: Json, sent: Json) -> None:
    """``measure`` is ``{metric: threshold}`` today; ``metric`` and ``threshold`` apart are the older form."""
    metric, threshold = scaling.pop("metric", None), scaling.pop("threshold", None)
    measure = sent.get("measure")
    scaling.pop("measure", None)
    if isinstance(measure, dict) and len(measure) == 1:
        ((metric, threshold),) = measure.items()
    elif measure is not None:
        message = "VALIDATION_FAILED: compute.scaling.measure: expected one of hardwareUsage, pendingRequests"
        raise InvalidError(message)
    if metric is not None:
        scaling["measure"] = {"metric": metric, "threshold": threshold}
    elif threshold is not None:
        scaling["measure"] = {"threshold": threshold}  # of whatever the metric is


def _without_nulls(wire: Json) -> Json:
    return {
        key: _without_nulls(value) if isinstance(value, dict) else value
        for key, value in wire.items()
        if value is not None or key in _NULL_COUNTS
    }


def _sealed(sent: Json) -> Json:
    """Put a digest in the place of each secret value: nothing needs the value, and what is not kept cannot leak."""
    model = sent.get("model")
    if not isinstance(model, dict):
        return sent
    model = {key: value for key, value in model.items() if key != "fromCatalog"}  # read only
    secrets = model.get("secrets")
    if isinstance(secrets, dict):
        model["secrets"] = {key: _seal(value) for key, value in secrets.items()}
    image = model.get("image")
    custom = image.get("custom") if isinstance(image, dict) else None
    credentials = custom.get("credentials") if isinstance(custom, dict) else None
    if isinstance(image, dict) and isinstance(custom, dict) and isinstance(credentials, dict):
        sealed = {**credentials, "password": _seal(credentials.get("password"))}
        model["image"] = {**image, "custom": {**custom, "credentials": sealed}}
    return {**sent, "model": model}


def _seal(value: object) -> object:
    return _SEALED + sha256(value.encode()).hexdigest() if isinstance(value, str) else value


def _validated(wire: Json) -> Declaration:
    try:
        return Declaration.model_validate(wire)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _refusal(first) from error


def _refusal(detail: ErrorDetails) -> InvalidError | UnparsableError:
    """Word the first complaint as the API does: two kinds of text were published (huggingface_hub issue 4661)."""
    path = [str(step) for step in detail["loc"]]
    if detail["type"] == "missing":
        where = ".".join(path[:-1])
        return InvalidError(f"VALIDATION_FAILED: {where + ': ' if where else ''}missing field `{path[-1]}`")
    if detail["type"] == "value_error":
        text = detail["msg"].removeprefix("Value error, ")
        return InvalidError(f"VALIDATION_FAILED: {'.'.join(path)}: {text}")
    return UnparsableError(f"Failed to parse the request body as JSON: {'.'.join(path)}: {detail['msg']}")


# Out


def render(endpoint: Endpoint, base_url: str) -> Json:
    """Render ``EndpointWithStatus`` (OpenAPI 2.0.0)."""
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
            "secrets": dict.fromkeys(model.secrets),  # guessed: the keys come back, the values never do
            "fromCatalog": model.from_catalog,
        },
        "privateService": None
        if wanted.private_service is None
        else wanted.private_service.model_dump(by_alias=True, exclude_none=True),
        "route": None if wanted.route is None else wanted.route.model_dump(by_alias=True),
        "status": _status(endpoint, base_url),
    }
    if wanted.custom_router is not None:  # guessed: the key is not among those that OpenAPI 2.0.0 has in an answer
        wire["customRouter"] = wanted.custom_router.model_dump(by_alias=True, exclude_none=True)
    return wire


def health_route(declaration: Declaration) -> str:
    """Give the image's own route, else ``/health``; never null, for huggingface_hub 2.4.0 cannot wait on null."""
    _, image = declaration.model.image.variant
    return (image.health_route if isinstance(image, Container) else None) or "/health"


def render_image(declaration: Declaration, *, redact: bool = True) -> Json:
    """Render the one-key image; credentials come back blank (huggingface_hub issue 4661)."""
    variant, image = declaration.model.image.variant
    inner = image.model_dump(by_alias=True, exclude_none=True)
    if redact and isinstance(image, Container):
        inner.setdefault("port", DEFAULT_PORT)
        if "credentials" in inner:
            inner["credentials"] = {"username": "", "password": None}
    return {variant: inner}


def address(endpoint: Endpoint, base_url: str) -> str | None:
    """Where the endpoint answers, or None while nobody may know.

    The client's fixtures show no URL before the first ``running`` and none while paused; old docs say it comes back
    the same.
    """
    hidden = not endpoint.deployed or endpoint.life.status is Status.PAUSED
    if hidden or endpoint.declaration.private_service is not None:
        return None
    return f"{base_url}/e/{endpoint.label}"


def _status(endpoint: Endpoint, base_url: str) -> Json:
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
        "url": address(endpoint, base_url),
        "private": _private(endpoint),
    }
    if life.error is not None:
        wire["errorMessage"] = life.error
    if endpoint.last_used_at is not None:
        wire["lastUsedAt"] = rfc3339(endpoint.last_used_at)
    return wire


def _private(endpoint: Endpoint) -> Json | None:
    """Give the service name from the first ``running`` on (guide: "after a few minutes"), in AWS's form."""
    service = endpoint.declaration.private_service
    if service is None:
        return None
    if not endpoint.deployed:
        return {"serviceName": None}
    region = service.region or endpoint.declaration.provider.region
    digits = sha256(endpoint.label.encode()).hexdigest()[:17]
    return {"serviceName": f"com.amazonaws.vpce.{region}.vpce-svc-{digits}"}


def _person(person: Person) -> Json:
    return {"id": person.id, "name": person.name}


def render_page(items: Iterable[Json], *, total: int, following: str | None, previous: str | None) -> Json:
    """Render a page of a list; a cursor that leads nowhere is left out."""
    wire: Json = {"items": list(items), "totalItems": total}
    if following is not None:
        wire["nextCursor"] = following
    if previous is not None:
        wire["prevCursor"] = previous
    return wire
