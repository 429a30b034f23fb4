"""The catalog: models with ways to deploy them that the service has tried. On another host than the control plane.

Routes and shapes are those of ``list_inference_catalog`` in huggingface_hub 2.4.0, which calls them experimental; a
recipe tells its engine and kind of accelerator there, and no instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx2
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from hf_endpoints.core.answers import NOT_READ, entries, not_read, text
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
        return tuple(
            Recipe(
                text(recipe, "publicId"),
                text(recipe, "engineType"),
                text(recipe, "accelerator"),
                recipe.get("ggufFile"),
            )
            for item in entries(response.json()["items"])
            if item["repoId"] == repository
            for recipe in entries(item.get("recipes", []))
        )
    except (HfHubHTTPError, httpx2.TransportError, OfflineModeIsEnabled) as failure:
        asked = f"the catalog at {settings.catalog_url} cannot be asked ({type(failure).__name__})"
        message = f"{asked}; check the network and HF_ENDPOINTS_CATALOG_URL"
        raise ApiUnwell(message) from failure
    except NOT_READ as failure:
        question = "does HF_ENDPOINTS_CATALOG_URL name a catalog?"
        raise ApiUnwell(not_read(f"read the recipes of {repository!r}", where, failure, question)) from failure
