"""What nobody published, as named choices: one field each, its first value what this server does unless told otherwise.

A choice is there so that a client can be tried against both readings. Where a field says nothing else its default is
guessed. To add one: declare it here, ask for it where it matters, show both sides in ``tests/unit/reference``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from hf_reference.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo


class Choices(BaseModel):
    """One reading of the API. Texts may hold the words in braces that their default has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # What an answer shows
    secrets_echo: Literal["null", "empty", "absent"] = "null"
    """`model.secrets` in an answer: the keys with null, the keys with empty texts, or `{}` whatever is set."""
    url_before_running: Literal["hidden", "shown"] = "hidden"
    """`status.url` until the first `running`. Hidden is recorded in fixtures, shown in one published answer."""
    url_while_paused: Literal["hidden", "shown"] = "hidden"
    """`status.url` of a paused endpoint. Hidden is recorded."""
    address_of_successor: Literal["new", "same"] = "new"
    """Whether an endpoint that is created again under its old name has its old address."""

    # PUT
    secrets_on_put: Literal["replaced", "merged"] = "replaced"
    """Whether secrets that a PUT does not name are gone."""
    null_on_put: Literal["partly", "ignored", "clears"] = "partly"
    """null in a PUT: only turns off the timeout and removes route and KV router; nothing; clears what is optional."""
    router_on_put: Literal["merged", "replaced"] = "merged"
    """Whether what a PUT leaves out of `customRouter` stays. Objects merge (documented); `{}` removes it (so, too)."""
    engine_change: Literal["in_place", "refused"] = "in_place"
    """Another key of `model.image` in a PUT. Sources disagree."""
    accelerator_change: Literal["in_place", "refused"] = "in_place"
    """Another `compute.accelerator` in a PUT. Sources disagree."""
    private_service_on_put: Literal["dropped", "changed", "refused"] = "dropped"
    """Another `privateService` in a PUT. The update schema of 2025 does not have it."""
    put_on_paused: Literal["stored", "starts"] = "stored"
    """Whether a change of the containers starts a paused endpoint."""
    put_on_zero: Literal["stored", "starts"] = "stored"
    """Whether a change of the containers starts an endpoint that is scaled to zero."""
    put_on_failed: Literal["deploys", "stored", "refused"] = "deploys"
    """A PUT on a failed endpoint. Deploys is what people do today, refused what old documentation says."""

    # The verbs
    resume_at_zero: Literal["wakes", "refused"] = "wakes"
    """`/resume` on an endpoint that is scaled to zero."""
    scale_to_zero_above_minimum: Literal["refused", "allowed"] = "refused"
    """`/scale-to-zero` where `minReplica` is above 0."""
    pause_before_running: Literal["allowed", "refused"] = "allowed"
    """`/pause` while pending."""
    pause_when_failed: Literal["allowed", "refused"] = "allowed"
    """`/pause` on a failed endpoint."""
    replicas_after_resume: Literal["stored", "one"] = "stored"
    """Minimum and maximum after `/resume`: as they were, or one each, as old documentation says."""

    # Create
    protected_type: Literal["private", "authenticated", "refused"] = "private"
    """What `type: protected` becomes. Private is recorded (July 2026)."""
    name_edges: Literal["any", "alphanumeric"] = "any"
    """Whether a name may begin or end with `-`."""
    scaling_range: Literal["wide", "narrow"] = "wide"
    """`scaleToZeroTimeout`, `maxReplica` and thresholds: any, or made-up bounds: 15 to 1440 minutes, 8, 100."""
    reserved_env: Literal["ignored", "refused"] = "ignored"
    """Variables in `model.env` that the platform sets for llama.cpp. That they cannot be modified is documented."""
    unknown_repository: Literal["accepted", "refused"] = "accepted"
    """A repository that this server's small Hub does not have."""

    # Quota
    quota_counts: Literal["maximum", "minimum", "current"] = "maximum"
    """Which replicas count: `maxReplica`, `minReplica`, or those that are wanted now; one at least."""
    quota_when_failed: Literal["held", "freed"] = "held"
    """Whether a failed endpoint counts."""

    # An endpoint's address
    private_reach: Literal["internet", "vpc"] = "internet"
    """Where `type: private` without a private service answers: to members anywhere, or nobody outside a VPC (404)."""
    hold_while_deploying: Literal["held", "refused"] = "held"
    """`X-Scale-Up-Timeout` while something else than a wake is under way. Refused, with 400, is recorded once."""
    health_checks: Literal["count", "ignored"] = "count"
    """Whether a request to the health route wakes an endpoint and keeps it awake."""
    response_cache: Literal["off", "on"] = "off"
    """Whether `cacheHttpResponses` does anything. It is for staff accounts (documentation)."""

    # Codes and texts of refusals
    quota_status: Literal[400, 402, 403, 409, 422, 429] = 400
    """Code of an exceeded quota."""
    quota_text: str = "Quota exceeded for {instance_type}: {need}"
    """Text of an exceeded quota."""
    invalid_status: Literal[400, 422] = 400
    """Code of a value that is not acceptable. 400 is recorded, 422 reported."""
    instance_status: Literal[400, 422, 500] = 400
    """Code of an instance that cannot be rented. 500 was reported of one that had been removed."""
    instance_text: str = "VALIDATION_FAILED: compute: {reason}: {instance}"
    """Text of an instance that cannot be rented."""
    name_text: str = "VALIDATION_FAILED: name: must be 1 to 32 lowercase letters, digits or '-'"
    """Text of a bad name."""
    payment_status: Literal[403, 401, 402] = 403
    """Code of a create by an account that cannot pay. 403 is recorded, 401 read from a client's comment."""
    payment_text: str = "A payment method is required"
    """Text of a create by an account that cannot pay."""
    missing_text: str = "Endpoint not found: {endpoint}"
    """Text of 404. That it begins so is documented."""
    taken_text: str = "An endpoint with the same name already exists"
    """Text of 409. Documented as a description."""
    no_replica_text: str = "503 Service Unavailable: no replica is ready"
    """Text of the proxy's 503."""

    def made(self) -> list[str]:
        """Give every choice as ``name=value``."""
        return [f"{name}={value}" for name, value in self]


DEFAULTS: Final = Choices()


def allowed(field: FieldInfo) -> tuple[str, ...] | None:
    """Give the values of a choice as they are written, the default first; None for any text."""
    annotation = field.annotation
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else None


def parse_choices(given: Iterable[str]) -> Choices:
    """Read ``name=value`` as the command line has it; the last of one name counts.

    :raises SetupError: no such choice, or no such value; says what there is.
    """
    fields = Choices.model_fields
    values: dict[str, object] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or name not in fields:
            message = f"no choice {text!r}; write name=value, with a name of: {', '.join(fields)}"
            raise SetupError(message)
        possible = allowed(fields[name])
        if possible is not None and value not in possible:
            message = f"choice {name!r} cannot be {value!r}, only one of: {', '.join(possible)}"
            raise SetupError(message)
        values[name] = type(fields[name].default)(value)
    return Choices.model_validate(values)
