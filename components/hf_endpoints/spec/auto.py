"""`Auto`: an instance that is chosen for the model, in the place of one that is named."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.markers import Unit
from hf_endpoints.spec.part import Int, Number, Part, is_known

Precision = Literal["stored", "16-bit", "8-bit", "4-bit"]
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)
_AUTO: Final = "auto"


class Auto(Part):
    """What the chosen instance has to hold; the cheapest that does is taken, and kept while this stays as it is."""

    context_length: Annotated[Annotated[Int, Field(ge=1)] | None, Unit("tokens")] = None
    """Tokens of one sequence, prompt and answer; 4096 or what the model takes, `ctx_size` with llama.cpp."""
    batch: Annotated[Annotated[Int, Field(ge=1)] | None, Unit("sequences")] = None
    """Sequences at a time; 1, `n_parallel` with llama.cpp."""
    precision: Precision = "stored"
    """Bits of a parameter in memory; fewer than stored are to be set up in `model.image` or `model.args` as well."""
    max_price_per_hour: Annotated[Annotated[Number, Field(gt=0)] | None, Unit("US dollars per replica and hour")] = None
    """Most that one replica may cost."""


def auto_for_the_word(value: Any) -> Any:  # noqa: ANN401  whatever the user wrote
    """``compute: auto`` is short for an `Auto` without wishes."""
    if not isinstance(value, str) or not is_known(value):
        return value
    if value == _AUTO:
        return {_AUTO: {}}
    kind = "at:"
    message = "{value} needs to be 'auto', or an object with fields of its own"
    raise PydanticCustomError(kind, message, {"value": repr(value)})
