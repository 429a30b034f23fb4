"""Bodies of the control plane: POST becomes a ``Declaration``, PUT an edit of one.

How PUT merges: objects field by field, also ``route``; ``image``, ``args``, ``command``, ``env``, ``secrets``, ``tags``
and ``measure`` are replaced whole (huggingface_hub 2.4.0 guides and issue 4661; for ``secrets`` and ``tags`` guessed).
``null`` means "no change", but turns off ``scaleToZeroTimeout`` and removes ``route`` and ``kvRouter``. What of this is
guessed is a choice (``choices``). ``customRouter: {}`` removes the router (documentation); ``cacheHttpResponses`` at
the top level, where huggingface_hub 2.4.0 sends it, is kept among the experimental features, where OpenAPI 2.0.0 has
it.
``name``, ``provider`` and ``privateService`` are not in the update schema and are dropped; the last is a choice, for
only the schema of 2025 is known to lack it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from hf_reference import strict_json
from hf_reference.choices import DEFAULTS
from hf_reference.declaration import DEFAULT_SCALE_TO_ZERO_MIN, Declaration
from hf_reference.errors import InvalidError, UnparsableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

    from hf_reference.choices import Choices
    from hf_reference.wire import Json

_REPLACED: Final = frozenset({"image", "args", "command", "env", "secrets", "tags"})
_NULL_COUNTS: Final = frozenset({"scaleToZeroTimeout", "task", "kvRouter"})
_COLLECTIONS: Final = frozenset({"args", "command", "env", "secrets", "tags"})
_NULL_IN_UPDATE: Final = {
    "partly": _NULL_COUNTS,
    "ignored": frozenset({"task"}),  # that one is an error in any case
    "clears": _NULL_COUNTS | _COLLECTIONS | {"revision", "customRouter"},
}
"""Keys whose null is more than an absent key, by the choice ``null_on_put``."""
_NOT_IN_UPDATE: Final = frozenset({"name", "provider"})
_SEALED: Final = "sha256:"


def parse_object(body: bytes) -> Json:
    """Parse a JSON object.

    :raises UnparsableError: it is not one.
    """
    try:
        value = strict_json.loads(body)
    except ValueError as error:
        message = f"Failed to parse the request body as JSON: {error}"
        raise UnparsableError(message) from error
    if not isinstance(value, dict):
        message = "Failed to parse the request body as JSON: expected an object"
        raise UnparsableError(message)
    return value


def parse_create(body: bytes, choices: Choices = DEFAULTS) -> Declaration:
    """Parse and validate the body of a POST.

    :raises UnparsableError: a value has the wrong type.
    :raises InvalidError: a field is missing, or a value is not acceptable.
    """
    wire = _cleaned(parse_object(body))
    scaling = _scaling(wire)
    if scaling is not None and scaling.get("minReplica") == 0 and scaling.get("scaleToZeroTimeout") is None:
        scaling["scaleToZeroTimeout"] = DEFAULT_SCALE_TO_ZERO_MIN
    return _validated(_with_type(wire, choices), choices)


def _with_type(wire: Json, choices: Choices) -> Json:
    """Read the old type ``protected``; where it is refused, it is no type."""
    if wire.get("type") == "protected" and choices.protected_type != "refused":
        return {**wire, "type": choices.protected_type}
    return wire


def from_catalog(body: Json) -> Declaration:
    """Give the declaration that a recipe stands for; only here can it be marked as such."""
    made = parse_create(json.dumps(body).encode())
    return made.model_copy(update={"model": made.model.model_copy(update={"from_catalog": True})})


def parse_update(body: bytes, choices: Choices = DEFAULTS) -> Callable[[Declaration], Declaration]:
    """Parse the body of a PUT and give the edit that it is.

    :raises UnparsableError: the body is not a JSON object; calling the edit may also raise ``InvalidError``.
    """
    sent = parse_object(body)
    dropped = _NOT_IN_UPDATE | ({"privateService"} if choices.private_service_on_put == "dropped" else set())
    patch = {k: v for k, v in _cleaned(sent, _NULL_IN_UPDATE[choices.null_on_put]).items() if k not in dropped}
    if "route" in sent and sent["route"] is None and choices.null_on_put != "ignored":
        patch["route"] = None
    if patch.get("customRouter") == {}:
        patch["customRouter"] = None
    patch = _with_type(patch, choices)
    replaced = _replaced(choices)

    def edit(old: Declaration) -> Declaration:
        stored = old.model_dump(by_alias=True, exclude_none=True)
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
        new = _validated(_without_empty(_merged(stored, patch, replaced)), choices)
        _check_kinds(old, new, choices)
        # What the edit does not touch stays the same object, and is not compared part by part later.
        return new.model_copy(
            update={
                name: getattr(old, name)
                for name, field in Declaration.model_fields.items()
                if (field.alias or name) not in patch
            }
        )

    return edit


def _replaced(choices: Choices) -> frozenset[str]:
    """Keys whose value takes the place of the old one."""
    kept = {"secrets"} if choices.secrets_on_put == "merged" else set()
    whole = {"customRouter"} if choices.router_on_put == "replaced" else set()
    return (_REPLACED - kept) | whole


def _check_kinds(old: Declaration, new: Declaration, choices: Choices) -> None:
    """Refuse another engine, kind of accelerator or private service, if that is the choice."""
    for changed, choice, what in (
        (old.model.image.variant[0] != new.model.image.variant[0], choices.engine_change, "model.image: the engine"),
        (
            old.compute.accelerator != new.compute.accelerator,
            choices.accelerator_change,
            "compute.accelerator: the accelerator",
        ),
        (old.private_service != new.private_service, choices.private_service_on_put, "privateService: it"),
    ):
        if changed and choice == "refused":
            message = f"VALIDATION_FAILED: {what} cannot be changed, create a new endpoint"
            raise InvalidError(message)


def _without_empty(wire: Json) -> Json:
    """Leave out lists and maps that null has cleared."""
    model = {key: value for key, value in wire["model"].items() if value is not None or key not in _COLLECTIONS}
    return {key: value for key, value in {**wire, "model": model}.items() if value is not None or key != "tags"}


def _merged(old: Json, patch: Json, replaced: frozenset[str]) -> Json:
    new = dict(old)
    for key, value in patch.items():
        before = old.get(key)
        if key not in replaced and isinstance(value, dict) and isinstance(before, dict):
            new[key] = _merged(before, value, replaced)
        else:
            new[key] = value
    return new


def _cleaned(sent: Json, null_counts: frozenset[str] = _NULL_COUNTS) -> Json:
    """Seal secrets, drop what is read only and nulls that mean "absent", and bring the scaling metric into one form."""
    wire = _without_nulls(_sealed(sent), null_counts)
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


def _without_nulls(wire: Json, null_counts: frozenset[str]) -> Json:
    return {
        key: _without_nulls(value, null_counts) if isinstance(value, dict) else value
        for key, value in wire.items()
        if value is not None or key in null_counts
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


def _validated(wire: Json, choices: Choices) -> Declaration:
    try:
        return Declaration.model_validate(wire)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _refusal(first, choices) from error


def _refusal(detail: ErrorDetails, choices: Choices) -> InvalidError | UnparsableError:
    """Word the first complaint as the API does: two kinds of text were published (huggingface_hub issue 4661)."""
    path = [str(step) for step in detail["loc"]]
    if (path, detail["type"]) == (["name"], "value_error"):
        return InvalidError(choices.name_text)
    if detail["type"] == "missing":
        where = ".".join(path[:-1])
        return InvalidError(f"VALIDATION_FAILED: {where + ': ' if where else ''}missing field `{path[-1]}`")
    if detail["type"] == "value_error":
        text = detail["msg"].removeprefix("Value error, ")
        return InvalidError(f"VALIDATION_FAILED: {'.'.join(path)}: {text}")
    return UnparsableError(f"Failed to parse the request body as JSON: {'.'.join(path)}: {detail['msg']}")
