"""The few routes of the Hub itself that a client of endpoints needs: who am I, and what is this model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from hf_reference import catalogue, hub_models, wire
from hf_reference.errors import MissingError
from hf_reference.http.parts import Parts, answer, error
from hf_reference.tokens import NAMES

if TYPE_CHECKING:
    from hf_reference.tokens import Grant

_SINCE: Final = "2026-01-01T00:00:00.000Z"


def router(parts: Parts) -> APIRouter:
    """Make the routes under ``/api``."""
    routes = APIRouter(prefix="/api")

    @routes.get("/whoami-v2")
    async def whoami(request: Request) -> Response:
        return answer(_whoami(parts.tokens.require(request.headers.get("authorization"))))

    # The revision may hold slashes; so may the repository, and the first "/revision/" ends it.
    @routes.get("/models/{repository:path}/revision/{revision:path}")
    async def at_revision(repository: str, revision: str, request: Request) -> Response:
        return _model(repository, revision, request)

    @routes.get("/models/{repository:path}")
    async def at_main(repository: str, request: Request) -> Response:
        return _model(repository, "main", request)

    return routes


def _model(repository: str, revision: str, request: Request) -> Response:
    """Answer with a model's info. A gated one is shown to everybody, as on the Hub; only its files are not."""
    model = hub_models.MODELS.get(repository)
    if model is None:
        response = error("Repository not found", 404)
        response.headers["x-error-code"] = "RepoNotFound"
        return response
    try:
        return answer(catalogue.render_hub_model(model, revision, blobs=request.query_params.get("blobs") == "true"))
    except MissingError as missing:
        response = error(str(missing), 404)
        response.headers["x-error-code"] = "RevisionNotFound"
        return response


def _whoami(grant: Grant) -> wire.Json:
    """Render what huggingface_hub 2.4.0 reads; an organisation is every namespace of the token that is not its user."""
    spaces = () if grant.namespaces == "*" else sorted(set(grant.namespaces) - {grant.user})
    permissions = [NAMES[p] for p in ("read", "write", "infer") if p in grant.permissions]
    return {
        "type": "user",
        "id": grant.person.id,
        "name": grant.user,
        "fullname": grant.user,
        "email": f"{grant.user}@example.com",
        "emailVerified": True,
        "isPro": False,
        "canPay": True,
        "billingMode": "postpaid",
        "periodEnd": None,
        "orgs": [
            {"type": "org", "name": name, "fullname": name, "canPay": True, "plan": "team", "roleInOrg": "write"}
            for name in spaces
        ],
        "auth": {
            "type": "access_token",
            "accessToken": {
                "displayName": "reference",
                "role": "fineGrained",
                "createdAt": _SINCE,
                "fineGrained": {
                    "global": [],
                    "scoped": [
                        {"entity": {"type": kind, "name": name}, "permissions": permissions}
                        for kind, name in [("user", grant.user), *(("org", name) for name in spaces)]
                    ],
                },
            },
        },
    }
