"""`Part`, the base of every declared object, and the scalar types that survive the engine.

Two facts of the engine shape this file. A value that is not known yet (in a preview, an output of a resource that does
not exist) arrives as one marked string, `UNKNOWN`, at any depth: every field lets it pass, so the same model checks
what is known at program time and, later, in ``check``, the rest. And each number arrives as a float, so 1.0 is an int
here, while "1" and true are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictBool, StrictStr, WrapValidator, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's mark, on its wire, for a value that is not known yet (`pulumi.runtime.rpc.UNKNOWN`)."""


def is_known(value: object) -> bool:
    """Whether the value is there to be judged."""
    return not (isinstance(value, str) and value == UNKNOWN)


def _pass_unknown(value: Any, handler: Callable[[Any], Any]) -> Any:  # noqa: ANN401  pydantic's own signature
    return handler(value) if is_known(value) else value


def _integral(value: Any) -> Any:  # noqa: ANN401  pydantic's own signature
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        kind = "int_type"
        raise PydanticCustomError(kind, "needs to be a whole number")
    return int(value)


def _number(value: Any) -> Any:  # noqa: ANN401  pydantic's own signature
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        kind = "float_type"
        raise PydanticCustomError(kind, "needs to be a number")
    return value


Int = Annotated[int, BeforeValidator(_integral)]
Number = Annotated[float, BeforeValidator(_number)]
Bool = StrictBool
Text = Annotated[StrictStr, WrapValidator(_pass_unknown)]
ONE_KEY: Final[JsonDict] = {"minProperties": 1, "maxProperties": 1}
"""In the JSON schema of an object of which exactly one field is given."""
TextMap = dict[Text, Text]
TextList = list[Text]


class Part(BaseModel):
    """An object of a declaration: frozen, and an unknown key is an error because the API would drop it in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _let_unknown_pass(cls, value: Any, handler: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        return _pass_unknown(value, handler)
