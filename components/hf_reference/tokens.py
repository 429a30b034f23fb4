"""Who a bearer token belongs to, and what it may do.

Without a table any token that starts with ``hf_`` may do everything everywhere, so that a first try needs no set-up.
With a table only its tokens are known. Permission names are those of the Hub's fine-grained tokens (hub
documentation, security tokens).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from hf_reference.endpoint import Person
from hf_reference.errors import ForbiddenError, SetupError, UnauthorisedError
from hf_reference.journal import untold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hf_reference.journal import Tell

Permission: TypeAlias = Literal["read", "write", "infer"]

Role: TypeAlias = Literal["fineGrained", "write", "read"]

NAMES: Final[dict[Permission, str]] = {
    "read": "inference.endpoints.read",
    "write": "inference.endpoints.write",
    "infer": "inference.endpoints.infer.write",
}
DEFAULT_USER: Final = "reference-user"
_ALL: Final[frozenset[Permission]] = frozenset(NAMES)


class Grant(BaseModel):
    """What one token may do; ``"*"`` means all of them.

    ``gated`` are the repositories whose conditions its user has accepted: none unless they are named. ``role`` is
    ``fineGrained``, or that of a classic token, which has permissions by its role: ``write`` manages, ``read`` only
    looks and calls (published measurements). ``can_pay``: whether its user has a payment method.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = DEFAULT_USER
    permissions: frozenset[Permission] = _ALL
    namespaces: Annotated[frozenset[str], Field(min_length=1)] | Literal["*"] = "*"
    gated: frozenset[str] | Literal["*"] = frozenset()
    role: Role = "fineGrained"
    can_pay: bool = True

    @model_validator(mode="after")
    def _has_permissions_by_one_rule(self) -> Self:
        if self.role != "fineGrained" and "permissions" in self.model_fields_set:
            message = f"a classic token has the permissions of its role {self.role!r}: leave out permissions or role"
            raise ValueError(message)
        return self

    @property
    def allowed(self) -> frozenset[Permission]:
        """What it may do."""
        return _ALL - {"write"} if self.role == "read" else self.permissions

    @property
    def person(self) -> Person:
        """The user as ``createdBy`` shows one."""
        return Person(sha256(self.user.encode()).hexdigest()[:24], self.user)

    def covers(self, namespace: str) -> bool:
        """Whether the token may touch a namespace."""
        return self.namespaces == "*" or namespace in self.namespaces

    def accepted(self, repository: str) -> bool:
        """Whether the token may read a gated repository."""
        return self.gated == "*" or repository in self.gated

    def require(self, permission: Permission, namespace: str | None) -> None:
        """Check a permission, and a namespace unless the call is about none.

        :raises ForbiddenError: one of them is lacking.
        """
        if permission not in self.allowed:
            message = f"missing permissions: {NAMES[permission]}"
            raise ForbiddenError(message)
        if namespace is not None and not self.covers(namespace):
            message = f"missing permissions: {NAMES[permission]} on namespace {namespace}"
            raise ForbiddenError(message)


_OPEN: Final = Grant(gated="*")
_TABLE: Final = TypeAdapter(dict[str, Grant])


class Tokens:
    """The table of tokens; empty means open."""

    def __init__(self, revoked: Callable[[str], bool] = lambda _token: False, tell: Tell = untold) -> None:
        """Start open; ``revoked`` knows which tokens are worth nothing although the table has them."""
        self._table: dict[str, Grant] = {}
        self._revoked = revoked
        self._tell = tell

    def replace(self, table: object) -> None:
        """Take a new table, ``{token: {user, …}}`` with the fields of ``Grant``; an empty one opens the server again.

        :raises SetupError: it is not a table of tokens. The text names no token.
        """
        try:
            self._table = _TABLE.validate_python(table)
        except ValidationError as error:
            what = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
            message = f"not a table of tokens: {what}"
            raise SetupError(message) from None
        self._tell("PUT", "/_test/tokens", table)

    def load(self, path: Path) -> None:
        """Take the table from a JSON or YAML file.

        :raises SetupError: it cannot be read, or is not a table of tokens. The text shows nothing of what is in it.
        """
        import yaml  # noqa: PLC0415 - a tenth of a start, and most servers start without a file

        try:
            table = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            message = f"cannot read the tokens of {str(path)!r}: {_why(error)}"
            raise SetupError(message) from error
        self.replace(table or {})

    def grant(self, authorization: str | None) -> Grant | None:
        """Give what the ``Authorization`` header is worth; None when it is worth nothing."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or self._revoked(token):
            return None
        if self._table:
            return self._table.get(token)
        return _OPEN if token.startswith("hf_") else None

    def require(self, authorization: str | None) -> Grant:
        """Give what the header is worth.

        :raises UnauthorisedError: nothing.
        """
        grant = self.grant(authorization)
        if grant is None:
            message = "A valid user or organization token, sent as a Bearer, is required"
            raise UnauthorisedError(message)
        return grant


def _why(error: Exception) -> str:
    """Why a file cannot be read; a parser's own words would show the line, with its token."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return f"it is no text in UTF-8 (byte {error.start + 1})"
    mark = getattr(error, "problem_mark", None)
    return f"it is no JSON or YAML{'' if mark is None else f' (line {mark.line + 1})'}"
