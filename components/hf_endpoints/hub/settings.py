"""Where the API is and who calls it, from the stack's configuration and the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2
from huggingface_hub import get_token
from huggingface_hub.errors import HfHubHTTPError, OIDCError

from hf_endpoints.core import access
from hf_endpoints.errors import DeclarationError, Unauthorized

API_URL_KEY: Final = "hf-endpoints:apiUrl"
HUB_URL_KEY: Final = "hf-endpoints:hubUrl"
TOKEN_KEY: Final = "hf-endpoints:token"  # noqa: S105  the name of a setting
CONFIG_KEYS: Final = (API_URL_KEY, HUB_URL_KEY, TOKEN_KEY)
"""Stack configuration that the plugin process needs; stored with the provider in users' state."""
DEFAULT_API_URL: Final = "https://api.endpoints.huggingface.cloud/v2"
DEFAULT_HUB_URL: Final = "https://huggingface.co"
DEFAULT_CATALOG_URL: Final = "https://endpoints.huggingface.co/api/v1/catalog"
KEYLESS: Final = "HF_OIDC_RESOURCE"
"""Turns on huggingface_hub's log-in by a job's own identity; names whose token it is to be, or of which repository."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Base URLs without a trailing slash, and the token."""

    api_url: str
    hub_url: str
    token: str = field(repr=False)
    catalog: str | None = None
    """Where the catalog is, if that was said."""

    @property
    def catalog_url(self) -> str:
        """Where the catalog is: as was said, the service's, or beside another control plane, as on the local server."""
        if self.catalog or self.api_url == DEFAULT_API_URL:
            return self.catalog or DEFAULT_CATALOG_URL
        return f"{self.api_url.removesuffix('/v2')}/api/v1/catalog"

    @classmethod
    def resolve(cls, config: Callable[[str], str | None], environment: Mapping[str, str]) -> Settings:
        """The environment first (what is said for one command), then the stack's configuration.

        ``destroy`` and ``refresh`` run on the configuration of the last ``up``, which the engine keeps with its
        provider; a token that was replaced since then comes in by the environment. Raises `DeclarationError` when
        there is no token anywhere. A saved login of huggingface_hub is not used: a pipeline must say whose token it
        deploys with. Raises it as well for an address or a token that cannot be one. With `KEYLESS` and no
        ``HF_TOKEN`` the job's identity is exchanged for a token (one call, once per process); raises `Unauthorized`
        when it is not accepted.
        """
        token = access.token("HF_TOKEN", environment.get("HF_TOKEN") or "")
        if not token and environment.get(KEYLESS):
            token = access.token(KEYLESS, _exchanged(environment[KEYLESS]))
        token = token or access.token(TOKEN_KEY, config(TOKEN_KEY) or "")
        if not token:
            message = (
                "no token: set HF_TOKEN, or run 'pulumi config set --secret hf-endpoints:token hf_…' "
                "(it needs the permission to manage Inference Endpoints)"
            )
            raise DeclarationError(message)
        api_url = _url("HF_ENDPOINTS_API_URL", environment.get) or _url(API_URL_KEY, config) or DEFAULT_API_URL
        hub_url = _url("HF_ENDPOINT", environment.get) or _url(HUB_URL_KEY, config) or DEFAULT_HUB_URL
        return cls(api_url, hub_url, token, _url("HF_ENDPOINTS_CATALOG_URL", environment.get))


def _url(name: str, values: Callable[[str], str | None]) -> str | None:
    """The base URL that is set under that name, if one is."""
    given = values(name)
    return access.base_url(name, given) if given else None


def _exchanged(resource: str) -> str:
    """The token that huggingface_hub gets for the job's identity; it keeps it until shortly before its end."""
    try:
        return get_token() or ""
    except (OIDCError, HfHubHTTPError, httpx2.TransportError) as failure:
        said = " ".join(str(failure).split())
        message = (
            f"the job's identity was not exchanged for a token for {resource!r}: {said}; "
            f"check the trusted publisher on the Hub and the job's permission 'id-token: write', or set HF_TOKEN"
        )
        raise Unauthorized(message) from failure
