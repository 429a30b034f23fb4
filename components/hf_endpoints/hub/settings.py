"""Where the API is and who calls it, from the stack's configuration and the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hf_endpoints.errors import DeclarationError

CONFIG_PREFIX: Final = "hf-endpoints"
DEFAULT_API_URL: Final = "https://api.endpoints.huggingface.cloud/v2"
DEFAULT_HUB_URL: Final = "https://huggingface.co"


@dataclass(frozen=True, slots=True)
class Settings:
    """Base URLs without a trailing slash, and the token."""

    api_url: str
    hub_url: str
    token: str = field(repr=False)

    @classmethod
    def resolve(cls, config: Callable[[str], str | None], environment: Mapping[str, str]) -> Settings:
        """The stack's configuration first (keys ``hf-endpoints:apiUrl``, ``hubUrl``, ``token``), then the environment.

        Raises `DeclarationError` when there is no token anywhere. A saved login of huggingface_hub is not used: a
        pipeline must say whose token it deploys with.
        """
        token = (config(f"{CONFIG_PREFIX}:token") or environment.get("HF_TOKEN") or "").strip()
        if not token:
            message = (
                "no token: set HF_TOKEN, or run 'pulumi config set --secret hf-endpoints:token hf_…' "
                "(it needs the permission to manage Inference Endpoints)"
            )
            raise DeclarationError(message)
        api_url = config(f"{CONFIG_PREFIX}:apiUrl") or environment.get("HF_ENDPOINTS_API_URL") or DEFAULT_API_URL
        hub_url = config(f"{CONFIG_PREFIX}:hubUrl") or environment.get("HF_ENDPOINT") or DEFAULT_HUB_URL
        return cls(api_url.rstrip("/"), hub_url.rstrip("/"), token)
