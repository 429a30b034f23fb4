"""The catalog, which the real service has on another host: listed, and deployed by model or by recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from hf_reference import parsing, recipes, wire
from hf_reference.answers import answer
from hf_reference.errors import InvalidError, MissingError, TakenError
from hf_reference.http import queries
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes

if TYPE_CHECKING:
    from hf_reference.recipes import Recipe

_FILTERS: Final = ("accelerator", "engine", "license", "task")


def router(parts: Parts) -> Routes:
    """Make the routes under ``/api/v1/catalog``, and the two that huggingface_hub before 2.0 asked."""
    routes = Routes(prefix="/api")

    @routes.get("/v1/catalog/list")
    async def listed(request: Request) -> Response:
        query = request.query_params
        wanted = {key: query[key] for key in _FILTERS if key in query}
        return answer(recipes.render_list(wanted, query.get("search", ""), queries.whole(query, "limit", 1)))

    @routes.post("/v1/catalog/model/{repository:path}/deploy")
    async def model(repository: str, request: Request) -> Response:
        body = parsing.parse_object(await request.body())
        recipe = recipes.find(repository, _text(body, "accelerator"), _text(body, "ggufFile"))
        return answer({"endpoint": _deployed(parts, request, recipe, body, _name(body))})

    @routes.post("/v1/catalog/recipe/{public_id}/deploy")
    async def by_recipe(public_id: str, request: Request) -> Response:
        body = parsing.parse_object(await request.body())
        return answer({"endpoint": _deployed(parts, request, recipes.by_id(public_id), body, _name(body))})

    # The older form: its keys are those that huggingface_hub 0.30 read.
    @routes.get("/catalog/repo-list")
    async def repositories() -> Response:
        return answer({"models": sorted({recipe.repository for recipe in recipes.RECIPES})})

    @routes.post("/catalog/deploy")
    async def older(request: Request) -> Response:
        body = parsing.parse_object(await request.body())
        recipe = recipes.find(_text(body, "repoId") or "")
        deployed = _deployed(parts, request, recipe, body, _text(body, "endpointName"))
        return answer({"name": body["namespace"], "endpoint": deployed})

    return routes


def _deployed(parts: Parts, request: Request, recipe: Recipe | None, body: wire.Json, name: str | None) -> wire.Json:
    """Create what a recipe stands for."""
    namespace = _text(body, "namespace")
    if namespace is None:
        message = "VALIDATION_FAILED: missing field `namespace`"
        raise InvalidError(message)
    grant = parts.allow_create(request, namespace)
    if recipe is None:
        message = "Not in the catalog"
        raise MissingError(message)
    tries, made = 0, None
    while made is None:
        tries += 1
        wanted = parsing.from_catalog(recipe.body(name or recipes.made_up_name(recipe.repository, tries)))
        try:
            made = parts.world.create(namespace, wanted, grant.person)
        except TakenError:
            if name is not None:
                raise
    parts.note(request, "created", made, grant.person)
    return parts.render(made)


def _text(body: wire.Json, key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        message = f"VALIDATION_FAILED: {key}: must be a string, not {value!r}"
        raise InvalidError(message)
    return value


def _name(body: wire.Json) -> str | None:
    config = body.get("config")
    return _text(config, "name") if isinstance(config, dict) else None
