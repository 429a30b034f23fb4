"""What the Hub says of a model repository, as far as a preflight needs it; asked with huggingface_hub's own calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx2
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.hub.settings import Settings

_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """``commit`` is what the asked revision stands for now; ``task`` is None where the repository names none."""

    commit: str
    task: str | None


def read_model(settings: Settings, repository: str, revision: str | None) -> ModelInfo:
    """What the Hub says of a repository at a revision (None: its default branch).

    Raises `DeclarationError` when there is no such repository or revision, or when the token may not read its files;
    the text completes 'model.repository: …' or 'model.revision: …'. Raises `ApiUnwell` when the Hub cannot be asked.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - a third of a second, for a call that most runs do not make

    api = HfApi(endpoint=settings.hub_url, token=settings.token)
    try:
        info = api.model_info(repository, revision=revision, timeout=_TIMEOUT_S)
        if info.gated:
            api.auth_check(repository)
    except GatedRepoError:
        message = f"model.repository: {repository!r} is gated, and the token's account has no access: ask for it there"
        raise DeclarationError(message) from None
    except RevisionNotFoundError:
        message = f"model.revision: {revision!r} is no branch, tag or commit of {repository!r}"
        raise DeclarationError(message) from None
    except (RepositoryNotFoundError, HFValidationError):
        message = f"model.repository: {repository!r} is not on the Hub, or private and not readable by the token"
        raise DeclarationError(message) from None
    except (HfHubHTTPError, httpx2.TransportError, OfflineModeIsEnabled) as failure:
        message = f"{settings.hub_url} cannot be asked about {repository!r} ({type(failure).__name__})"
        raise ApiUnwell(message) from failure
    return ModelInfo(info.sha or "", info.pipeline_tag)
