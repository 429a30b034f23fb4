"""What the Hub says of a model repository: what a preflight needs of it, and its commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status, paginate

from hf_endpoints.core.answers import NOT_READ, not_read, text
from hf_endpoints.core.sizing import ModelFacts
from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.hub.settings import Settings

_TIMEOUT_S: Final = 20.0
_PAGE: Final = 100
"""Commits asked for per page, as @huggingface/hub 2.4 does by default (it says that 1,000 can be had)."""
MOST_COMMITS: Final = 1000
"""Of a history, from its end, in which a commit is looked for."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """``commit`` is what the asked revision stands for now; ``task`` is None where the repository names none."""

    commit: str
    task: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``date`` is the Hub's own text (RFC 3339)."""

    id: str
    title: str
    date: str


def read_model(settings: Settings, repository: str, revision: str | None) -> ModelInfo:
    """What the Hub says of a repository at a revision (None: its default branch).

    Raises `DeclarationError` when there is no such repository or revision, or when the token may not read its files;
    the text completes 'model.repository: …' or 'model.revision: …'. Raises `ApiUnwell` when the Hub cannot be asked.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - a third of a second, for a call that most runs do not make

    api = HfApi(endpoint=settings.hub_url, token=settings.token)
    with _asking(settings, repository, revision):
        info = api.model_info(repository, revision=revision, timeout=_TIMEOUT_S)
        if info.gated:
            api.auth_check(repository)
    return ModelInfo(info.sha or "", info.pipeline_tag)


def read_commits_since(settings: Settings, repository: str, revision: str, since: str) -> tuple[Commit, ...] | None:
    """The commits of a revision's history that came after the commit ``since``, the latest first.

    None where the history does not hold it among its last `MOST_COMMITS`: it is of another branch, or was rewritten.
    Raises as `read_model`. ``GET /api/models/{repo}/commits/{rev}`` and its pages are those of huggingface_hub 2.4.0
    (``list_repo_commits``, which has no time-out and reads all of them).
    """
    where = f"{settings.hub_url}/api/models/{quote(repository)}/commits/{quote(revision, safe='')}"
    headers = build_hf_headers(token=settings.token, library_name="pulumi-hf-endpoints")
    after: list[Commit] = []
    with _asking(settings, repository, revision):
        entries: Iterator[dict[str, Any]] = iter(paginate(where, {"limit": _PAGE}, headers, timeout=_TIMEOUT_S))
        for entry in entries:
            if entry["id"] == since:
                return tuple(after)
            if len(after) == MOST_COMMITS:
                return None
            after.append(Commit(text(entry, "id"), text(entry, "title"), text(entry, "date")))
    return None


def read_facts(settings: Settings, repository: str, revision: str | None) -> ModelFacts:
    """What the memory of a model is estimated from: parameters by type, sizes of files, ``config.json``.

    Raises as `read_model`. ``?blobs=true`` brings the sizes, ``safetensors`` and ``gguf`` the counts (`ModelInfo` of
    huggingface_hub 2.4.0); the configuration is read from the commit that the info is of.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - as above

    api = HfApi(endpoint=settings.hub_url, token=settings.token)
    with _asking(settings, repository, revision):
        info = api.model_info(repository, revision=revision, timeout=_TIMEOUT_S, files_metadata=True)
        if info.gated:
            api.auth_check(repository)
        config = _config(settings, repository, info.sha or revision or "main")
    gguf = info.gguf or {}
    return ModelFacts(
        repository=repository,
        commit=info.sha or "",
        task=info.pipeline_tag,
        parameters=dict(info.safetensors.parameters) if info.safetensors is not None else {},
        files={file.rfilename: file.size or 0 for file in info.siblings or []},
        gguf_parameters=gguf.get("total"),
        config=config,
    )


def _config(settings: Settings, repository: str, revision: str) -> dict[str, Any] | None:
    """The model's ``config.json``, or None where it has none that can be read."""
    where = f"{settings.hub_url}/{quote(repository)}/resolve/{quote(revision, safe='')}/config.json"
    headers = build_hf_headers(token=settings.token, library_name="pulumi-hf-endpoints")
    response = get_session().get(where, headers=headers, timeout=_TIMEOUT_S)
    if response.status_code == httpx2.codes.NOT_FOUND:
        return None
    hf_raise_for_status(response)
    try:
        config = response.json()
    except ValueError:
        return None
    return config if isinstance(config, dict) else None


@contextmanager
def _asking(settings: Settings, repository: str, revision: str | None) -> Iterator[None]:
    """Turn the errors of a call into ours."""
    try:
        yield
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
        asked = f"{settings.hub_url} cannot be asked about {repository!r} ({type(failure).__name__})"
        message = f"{asked}; check the network and HF_ENDPOINT"
        raise ApiUnwell(message) from failure
    except NOT_READ as failure:
        question = "is HF_ENDPOINT the address of a Hub?"
        raise ApiUnwell(not_read(f"ask about {repository!r}", settings.hub_url, failure, question)) from failure
