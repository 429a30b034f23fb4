"""The few routes of the Hub itself that a client of endpoints needs: who am I, what is this model, may I read it.

Of a model's files there is ``config.json`` alone, with what it says of the attention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from hf_reference import catalogue, hub_models, wire
from hf_reference.answers import answer, error
from hf_reference.errors import MissingError
from hf_reference.http.parts import Parts
from hf_reference.http.queries import whole
from hf_reference.http.routes import Routes
from hf_reference.tokens import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.hub_models import HubModel
    from hf_reference.tokens import Grant

_SINCE: Final = "2026-01-01T00:00:00.000Z"
_COMMITS: Final = 50
"""On a page where no number was asked for; guessed."""
_MOST_COMMITS: Final = 1000
"""On a page (documentation of ``listCommits`` in @huggingface/hub 2.4)."""


def router(parts: Parts) -> Routes:
    """Make the routes under ``/api``."""
    routes = Routes(prefix="/api")

    @routes.get("/whoami-v2")
    async def whoami(request: Request) -> Response:
        return answer(_whoami(parts.tokens.require(request.headers.get("authorization"))))

    @routes.get("/models/{repository:path}/auth-check")
    async def auth_check(repository: str, request: Request) -> Response:
        return _auth_check(parts, repository, request)

    # The revision may hold slashes; so may the repository, and the first "/revision/" ends it.
    @routes.get("/models/{repository:path}/revision/{revision:path}")
    async def at_revision(repository: str, revision: str, request: Request) -> Response:
        return _of_model(_model, parts, repository, revision, request)

    @routes.get("/models/{repository:path}/commits/{revision:path}")
    async def commits(repository: str, revision: str, request: Request) -> Response:
        return _of_model(_commits, parts, repository, revision, request)

    @routes.get("/models/{repository:path}")
    async def at_main(repository: str, request: Request) -> Response:
        return _of_model(_model, parts, repository, "main", request)

    return routes


def files(parts: Parts) -> Routes:
    """Make the route of a model's files, which stand at the root."""
    routes = Routes()

    @routes.get("/{repository:path}/resolve/{revision:path}/config.json")
    async def config(repository: str, revision: str, request: Request) -> Response:
        return _of_model(_config, parts, repository, revision, request)

    return routes


def _visible(parts: Parts, repository: str, request: Request) -> HubModel | None:
    """Find a model; a private one is not there for tokens that do not reach its namespace."""
    model = hub_models.MODELS.get(repository)
    if model is None or not model.private:
        return model
    grant = parts.tokens.grant(request.headers.get("authorization"))
    return model if grant is not None and grant.covers(model.owner) else None


def _refused(text: str, status: int, code: str) -> Response:
    response = error(text, status)
    response.headers["x-error-code"] = code  # what huggingface_hub tells its errors by
    return response


def _model(parts: Parts, model: HubModel, revision: str, request: Request) -> Response:
    """Answer with a model's info. A gated one is shown to everybody, as on the Hub; only its files are not."""
    sha = parts.world.history.resolve(model, revision)
    return answer(catalogue.render_hub_model(model, sha, blobs=request.query_params.get("blobs") == "true"))


def _config(parts: Parts, model: HubModel, revision: str, request: Request) -> Response:
    """Answer with a model's configuration, as to who may read its files."""
    parts.world.history.resolve(model, revision)
    denied = _denied(parts, model, request)
    if denied is not None:
        return denied
    return _refused("Entry not found", 404, "EntryNotFound") if model.config is None else answer(model.config)


def _commits(parts: Parts, model: HubModel, revision: str, request: Request) -> Response:
    """Answer with one page of a history, the latest commit first; the next page is named in the header ``Link``."""
    found = parts.world.history.commits(model, revision)
    limit = whole(request.query_params, "limit", 1, _MOST_COMMITS) or _COMMITS
    page = whole(request.query_params, "p", 0) or 0
    shown = found[page * limit : (page + 1) * limit]
    response = answer([catalogue.render_commit(commit) for commit in shown])
    response.headers["x-total-count"] = str(len(found))
    if (page + 1) * limit < len(found):
        path = f"{parts.base_url}/api/models/{model.repository}/commits/{quote(revision, safe='')}"
        response.headers["link"] = f'<{path}?p={page + 1}&limit={limit}>; rel="next"'
    return response


def _of_model(
    show: Callable[[Parts, HubModel, str, Request], Response],
    parts: Parts,
    repository: str,
    revision: str,
    request: Request,
) -> Response:
    """Answer with what is shown of a model at a revision; 404 in the Hub's form where one of them is not there."""
    model = _visible(parts, repository, request)
    if model is None:
        return _refused("Repository not found", 404, "RepoNotFound")
    try:
        return show(parts, model, revision, request)
    except MissingError as missing:
        return _refused(str(missing), 404, "RevisionNotFound")


def _auth_check(parts: Parts, repository: str, request: Request) -> Response:
    """Tell whether the files may be read: without a token what is public, with one also what its user has accepted."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        parts.tokens.require(authorization)
    model = _visible(parts, repository, request)
    if model is None:
        return _refused("Repository not found", 404, "RepoNotFound")
    return _denied(parts, model, request) or answer({})


def _denied(parts: Parts, model: HubModel, request: Request) -> Response | None:
    """Refuse a gated model's files to whom the user's token does not open them."""
    grant = parts.tokens.grant(request.headers.get("authorization"))
    if not model.gated or (grant is not None and grant.accepted(model.repository)):
        return None
    text = f"Access to model {model.repository} is restricted and you are not in the authorized list"
    return _refused(text, 401 if grant is None else 403, "GatedRepo")


def _whoami(grant: Grant) -> wire.Json:
    """Render what huggingface_hub 2.4.0 reads; an organisation is every namespace of the token that is not its user."""
    spaces = () if grant.namespaces == "*" else sorted(set(grant.namespaces) - {grant.user})
    token: wire.Json = {"displayName": "reference", "role": grant.role, "createdAt": _SINCE}
    if grant.role == "fineGrained":
        permissions = [NAMES[p] for p in ("read", "write", "infer") if p in grant.allowed]
        scoped = [
            {"entity": {"type": kind, "name": name}, "permissions": permissions}
            for kind, name in [("user", grant.user), *(("org", name) for name in spaces)]
        ]
        token["fineGrained"] = {"global": [], "scoped": scoped}
    return {
        "type": "user",
        "id": grant.person.id,
        "name": grant.user,
        "fullname": grant.user,
        "email": f"{grant.user}@example.com",
        "emailVerified": True,
        "isPro": False,
        "canPay": grant.can_pay,
        "billingMode": "postpaid",
        "periodEnd": None,
        "orgs": [
            {
                "type": "org",
                "name": name,
                "fullname": name,
                "canPay": grant.can_pay,
                "plan": "team",
                "roleInOrg": "write",
            }
            for name in spaces
        ],
        "auth": {"type": "access_token", "accessToken": token},
    }
