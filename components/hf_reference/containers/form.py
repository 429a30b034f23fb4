"""Bodies of requests, as the web framework of TGI and TEI reads them: strict types, and refusals in plain text.

It answers before the container's own code sees the request; its texts are guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hf_reference import strict_json

if TYPE_CHECKING:
    from hf_reference.containers.call import Call

_PAYLOAD: Final = 2_000_000
Form = TypeVar("Form", bound=BaseModel)


class Part(BaseModel):
    """A piece of a request: unknown keys are dropped, types are strict."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class FormError(Exception):
    """The web framework's refusal: a status and a plain text."""

    def __init__(self, status: int, text: str) -> None:
        """Keep both."""
        super().__init__(text)
        self.status = status


def parse(call: Call, form: type[Form]) -> Form:
    """Parse and read a body.

    :raises FormError: 413, 415, 400 or 422 in this order of looking.
    """
    if len(call.body) > _PAYLOAD:
        message = "Failed to buffer the request body: length limit exceeded"
        raise FormError(413, message)
    if "json" not in call.headers.get("content-type", ""):
        message = "Expected request with `Content-Type: application/json`"
        raise FormError(415, message)
    try:
        sent = strict_json.loads(call.body)
    except ValueError as failure:
        message = f"Failed to parse the request body as JSON: {failure}"
        raise FormError(400, message) from failure
    return read(sent, form)


def read(sent: object, form: type[Form]) -> Form:
    """Read JSON that was parsed already.

    :raises FormError: 422, it has another form.
    """
    try:
        return form.model_validate(sent)
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_input=False)[0]
        *path, last = [str(part) for part in first["loc"]] or ["body"]
        text = f"missing field `{last}`" if first["type"] == "missing" else f"{last}: {first['msg']}"
        where = "".join(f"{part}." for part in path)
        message = f"Failed to deserialize the JSON body into the target type: {where}{text}"
        raise FormError(422, message) from failure
