"""Every error the reference server raises, split by who can act.

::

    ReferenceServerError
    ├── IllegalEventError          an event that the status does not allow (the world turns it into a refusal)
    ├── SetupError                 an option or a file given at the start is wrong: the operator's turn
    ├── StoreError                 the state file cannot be written: the operator's turn, too
    └── RefusalError               the caller asked for something the API does not do: one class per kind of answer
        ├── InvalidError           the body parses, but a value is not acceptable
        │   └── InstanceError      no such instance can be rented
        ├── UnparsableError        the body is not JSON of the declared shape
        ├── UnauthorisedError      no token, or not one of ours
        ├── ForbiddenError         the token lacks a permission or the namespace
        ├── PaymentError           the account cannot pay
        ├── MissingError           no such endpoint, model or revision
        ├── TakenError             the name is in use
        ├── OverQuotaError         the namespace's quota does not allow it
        ├── WrongStatusError       the verb does not fit the endpoint's status
        └── AbsentError            the route exists, but not on this deployment

A refusal's text is the ``error`` text of the answer. Which HTTP status it gets is the business of ``http``.
"""

from __future__ import annotations


class ReferenceServerError(Exception):
    """The root: catch it to catch everything that this package raises on purpose."""


class IllegalEventError(ReferenceServerError):
    """The transition table has no entry for this event in this status; nothing was changed."""


class SetupError(ReferenceServerError):
    """The server cannot start, or a test route was given something it cannot use."""


class StoreError(ReferenceServerError):
    """The state file cannot be written."""


class RefusalError(ReferenceServerError):
    """The API answers with an error and changes nothing."""


class InvalidError(RefusalError):
    """A value is missing or not acceptable."""


class InstanceError(InvalidError):
    """There is no such instance, or it is no longer rented."""


class UnparsableError(RefusalError):
    """The body is not JSON, or not of the declared types."""


class UnauthorisedError(RefusalError):
    """No valid token came with the request."""


class ForbiddenError(RefusalError):
    """The token is valid and not allowed to do this."""


class PaymentError(RefusalError):
    """The account has no payment method."""


class MissingError(RefusalError):
    """The thing addressed does not exist."""


class TakenError(RefusalError):
    """The name is taken in its namespace."""


class OverQuotaError(RefusalError):
    """More accelerators than the namespace may hold."""


class WrongStatusError(RefusalError):
    """The endpoint's status does not allow the verb."""


class AbsentError(RefusalError):
    """This deployment does not have what the route is for."""
