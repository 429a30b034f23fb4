"""Everything that can go wrong, split by who can act.

::

    HfEndpointsError
    ├── DeclarationError        the declaration is wrong: edit it
    ├── ApiRefused              the API said no
    │   ├── NotFound            404
    │   ├── AlreadyExists       409
    │   ├── Unauthorized        401: no token, or one that is not accepted; AWS credentials that are not accepted
    │   │   └── NoCredentials   there are no AWS credentials
    │   └── Forbidden           403: the token lacks a permission, or the account a payment method
    ├── ApiUnwell               5xx, 429 or no connection: nothing was changed, try again
    ├── OutcomeUnknown          a write was sent and its answer was lost
    ├── NotSettled              the endpoint failed, or did not come to rest in time
    ├── UnreadablePreview       a file is not, or not all of, what a preview printed
    ├── NewerState              the stack was last deployed by a newer version of this library: update it
    ├── NotInstalled            a package of an extra is missing here: install it
    └── Bug                     ours: please report

A message is one line without a full stop: what was being done to which endpoint, what was seen, the next step.
"""

from __future__ import annotations


class HfEndpointsError(Exception):
    """Root of the tree; ``str(error)`` is a line for the user."""


class DeclarationError(HfEndpointsError):
    """The declaration cannot be meant as it stands.

    ``problems`` holds one line per mistake, so that all of them are shown at once.
    """

    def __init__(self, *problems: str) -> None:
        """Take one line per mistake."""
        super().__init__("\n".join(problems))
        self.problems = problems


class ApiRefused(HfEndpointsError):
    """The API understood the call and said no."""


class NotFound(ApiRefused):
    """There is no endpoint of that name in the namespace."""


class AlreadyExists(ApiRefused):
    """The name is taken in the namespace."""


class Unauthorized(ApiRefused):
    """There is no token, or the API does not accept it."""


class NoCredentials(Unauthorized):
    """AWS was not asked: there are no credentials for it, or they cannot be read."""


class Forbidden(ApiRefused):
    """The token is known but may not do this."""


class ApiUnwell(HfEndpointsError):
    """The API could not be reached or failed by itself; nothing was changed."""


class OutcomeUnknown(HfEndpointsError):
    """A write was sent and no answer came back: it may or may not have been applied."""


class NotSettled(HfEndpointsError):
    """The endpoint failed, or did not come to rest within its time."""


class UnreadablePreview(HfEndpointsError):
    """A file that is to be reported on does not hold the output of ``pulumi preview --json``."""


class NewerState(HfEndpointsError):
    """What is stored of an endpoint has a shape that a later version of this library gave it."""


class NotInstalled(HfEndpointsError):
    """A package is missing that only some uses need."""


class Bug(HfEndpointsError):
    """A state that the code holds to be impossible."""
