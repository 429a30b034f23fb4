"""Who a bearer token belongs to, and what it may do.

Without a table any token that starts with ``hf_`` may do everything everywhere, so that a first try needs no set-up.
With a table only its tokens are known. Permission names are those of the Hub's fine-grained tokens (hub
documentation, security tokens).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hf_reference.endpoint import Person
from hf_reference.errors import ForbiddenError, SetupError, UnauthorisedError
from hf_reference.journal import untold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hf_reference.journal import Tell

Permission: TypeAlias = Literal["read", "write", "infer"]

NAMES: Final[dict[Permission, str]] = {
    "read": "inference.endpoints.read",
    "write": "inference.endpoints.write",
    "infer": "inference.endpoints.infer.write",
}
DEFAULT_USER: Final = "reference-user"
_ALL: Final[frozenset[Permission]] = frozenset(NAMES)


class Grant(BaseModel):
    """What one token may do; ``"*"`` means all of them.

    ``gated`` are the repositories whose conditions its user has accepted: none unless they are named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str = DEFAULT_USER
    permissions: frozenset[Permission] = _ALL
    namespaces: Annotated[frozenset[str], Field(min_length=1)] | Literal["*"] = "*"
    gated: frozenset[str] | Literal["*"] = frozenset()

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
        if permission not in self.permissions:
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
        """Take a new table, ``{token: {user, permissions, namespaces, gated}}``; an empty one opens the server again.

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

        :raises SetupError: it cannot be read, or is not a table of tokens.
        """
        import yaml  # noqa: PLC0415 - a tenth of a start, and most servers start without a file

        try:
            table = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            message = f"cannot read the tokens of {str(path)!r}: {error}"
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
