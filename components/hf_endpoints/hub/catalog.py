"""The catalog: models with ways to deploy them that the service has tried. On another host than the control plane.

Routes and shapes are those of ``list_inference_catalog`` in huggingface_hub 2.4.0, which calls them experimental; a
recipe tells its engine and kind of accelerator there, and no instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import httpx2
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from hf_endpoints.errors import ApiUnwell
from hf_endpoints.hub.settings import Settings

_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to deploy a model; ``gguf_file`` names the file that it serves, where it is one of several."""

    id: str
    engine: str
    accelerator: str
    gguf_file: str | None = None


def read_recipes(settings: Settings, repository: str) -> tuple[Recipe, ...]:
    """The recipes of a repository, the catalog's default first. Raises `ApiUnwell` when it cannot be asked."""
    headers = build_hf_headers(token=settings.token, library_name="pulumi-hf-endpoints")
    where = f"{settings.catalog_url}/list"
    try:
        response = get_session().get(where, params={"search": repository}, headers=headers, timeout=_TIMEOUT_S)
        hf_raise_for_status(response)
        items: list[dict[str, Any]] = response.json()["items"]
    except (HfHubHTTPError, httpx2.TransportError, OfflineModeIsEnabled, ValueError, KeyError) as failure:
        message = f"the catalog at {settings.catalog_url} cannot be asked ({type(failure).__name__})"
        raise ApiUnwell(message) from failure
    return tuple(
        Recipe(recipe["publicId"], recipe["engineType"], recipe["accelerator"], recipe.get("ggufFile"))
        for item in items
        if item["repoId"] == repository
        for recipe in item.get("recipes", [])
    )
