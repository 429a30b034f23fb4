"""How the toolkit reads a body and writes an answer, by content type and ``Accept``.

Its ``serialization/base.py`` has the list of types and the texts of what is not among them. One leniency: it refuses a
body without content type unless a default is set in its environment; here the task decides what such a body is,
because that is what ``InferenceClient`` sends for raw bytes.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from hf_reference.tasks.png import Picture

if TYPE_CHECKING:
    from hf_reference.containers.call import Call
    from hf_reference.tasks.request import Value

_JSON: Final = "application/json"
_TYPES: Final[dict[str, str]] = dict.fromkeys([_JSON], "json") | {
    f"{kind}/{name}": kind
    for kind, names in {
        "image": "png jpeg jpg tiff bmp gif webp x-image",
        "audio": "x-flac flac mpeg x-mpeg-3 wave wav x-wav ogg x-audio webm amr amr-wb amr-wb+ m4a x-m4a",
    }.items()
    for name in names.split()
}


def read(call: Call, task: str, takes: str) -> dict[str, Value]:
    """Give ``inputs`` and ``parameters`` of a request; a medium is bytes.

    :raises ValueError: with the toolkit's text.
    """
    sent = call.headers.get("content-type", "")
    kind = _kind(sent, task, takes)
    body: Value = json.loads(call.body) if kind == "json" else {"inputs": call.body}
    if not isinstance(body, dict) or not {"inputs", "instances"} & body.keys():
        received = json.dumps(body, separators=(",", ":"))
        message = f"Body needs to provide a inputs key, received: {received[:1000]}"
        raise ValueError(message)
    if kind == "json" and takes != "json" and "inputs" in body:
        body["inputs"] = _medium(body["inputs"], task)
    if body.get("parameters") is None:
        body.pop("parameters", None)
    if call.query and "parameters" not in body:
        body["parameters"] = {name: _coerced(value) for name, value in call.query.items()}
    if not isinstance(body.get("parameters", {}), dict):
        message = "`parameters` must be an object"
        raise ValueError(message)  # noqa: TRY004 - one kind for everything that a client did
    return body


def _kind(sent: str, task: str, takes: str) -> str:
    name = sent.partition(";")[0].strip().lower()
    if not name or (name == "application/octet-stream" and takes != "json"):
        return takes
    if name not in _TYPES:
        of = f" for task {task}" if name == "application/octet-stream" else ""
        message = f'Content type "{sent}" not supported{of}. Supported content types are: {", ".join(_TYPES)}'
        raise ValueError(message)
    return _TYPES[name]


def _medium(inputs: Value, task: str) -> bytes:
    try:
        return base64.b64decode(inputs, validate=True)
    except (binascii.Error, ValueError, TypeError) as failure:
        message = (
            f"'inputs' for task '{task}' must be the media content itself: either raw bytes sent with a matching "
            f"audio/* or image/* Content-Type, or a base64-encoded string in a JSON body ({failure})."
        )
        raise ValueError(message) from failure


def _coerced(text: str) -> Value:
    if text in {"true", "false"}:
        return text == "true"
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text


def pictured(call: Call, body: dict[str, Value]) -> dict[str, Value]:
    """Open the image of a body that was sent as one, which is how the toolkit gives it to handlers.

    :raises ValueError: Pillow is not installed, or it is no image.
    """
    sent = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _TYPES.get(sent) != "image":
        return body
    try:
        from PIL import Image  # noqa: PLC0415 - optional: only a user's own handler needs it
    except ImportError as failure:
        message = "a handler gets images by Pillow, which is not installed here"
        raise ValueError(message) from failure
    return {**body, "inputs": Image.open(io.BytesIO(body["inputs"])).convert("RGB")}


def write(call: Call, answered: Value) -> Response:
    """Give an answer in the first type of ``Accept`` that there is: JSON, with pictures in base64, or one picture.

    None, which only a user's handler gives, is an answer without content.

    :raises ValueError: there is none, or the answer is no picture.
    """
    accept = call.headers.get("accept") or "*/*"
    names = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    wanted = next((name for name in names if name in _TYPES), _JSON if "*/*" in names else None)
    if wanted is None:
        message = f'Accept type "{accept}" not supported. Supported accept types are: {", ".join(_TYPES)}'
        raise ValueError(message)
    if answered is None:
        return Response(status_code=204)
    answered = _drawn(answered)
    if isinstance(answered, bytes):
        return Response(answered, media_type="application/octet-stream" if wanted == _JSON else wanted)
    if wanted == _JSON:
        text = json.dumps(answered, separators=(",", ":"), default=_plain, allow_nan=False)
        return Response(text, media_type=_JSON)
    if not isinstance(answered, Picture):
        message = f'Accept type "{wanted}" does not fit: the answer is no image'
        raise ValueError(message)  # noqa: TRY004 - one kind for everything that a client did
    if wanted != "image/png":
        message = f'Accept type "{wanted}" not supported: the reference server draws image/png only'
        raise ValueError(message)
    return Response(answered.png, media_type=wanted)


def _drawn(value: Value) -> Value:
    """Write a Pillow image, by its manners alone, as PNG."""
    if not (hasattr(value, "save") and hasattr(value, "getbands")):
        return value
    file = io.BytesIO()
    value.save(file, format="PNG")
    return Picture(file.getvalue())


def _plain(value: object) -> Value:
    value = _drawn(value)
    if isinstance(value, Picture):
        return base64.b64encode(value.png).decode()
    convert = getattr(value, "tolist", None)  # of NumPy's arrays and numbers, which a user's handler may return
    if callable(convert):
        return convert()
    message = f"Type is not JSON serializable: {type(value).__name__}"
    raise TypeError(message)
