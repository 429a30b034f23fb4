"""Which host, project and change a job runs for, from the variables that GitHub Actions and GitLab CI set."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hf_endpoints.core import access
from hf_endpoints.errors import DeclarationError
from hf_endpoints.forge.github import ACTIONS, GitHub
from hf_endpoints.forge.gitlab import GitLab
from hf_endpoints.forge.note import Forge


def forge_of(environment: Mapping[str, str], author: str | None = None) -> Forge:
    """The host that the environment names. Raises `DeclarationError` where it names none, or no token."""
    if "GITLAB_CI" in environment:
        url, project = environment.get("CI_API_V4_URL"), environment.get("CI_PROJECT_ID")
        token = _required(environment, "GITLAB_TOKEN", "a project access token with the scope 'api'")
        if url and project:
            return GitLab(access.base_url("CI_API_V4_URL", url), project, token)
    elif repository := environment.get("GITHUB_REPOSITORY"):
        token = _required(environment, "GITHUB_TOKEN", "in a workflow: ${{ github.token }}")
        url = access.base_url("GITHUB_API_URL", environment.get("GITHUB_API_URL") or "https://api.github.com")
        return GitHub(url, repository, token, author or ACTIONS)
    message = (
        "no repository to write to: set GITHUB_REPOSITORY (owner/name) and GITHUB_TOKEN, "
        "or GITLAB_CI, CI_API_V4_URL, CI_PROJECT_ID and GITLAB_TOKEN"
    )
    raise DeclarationError(message)


def change_of(environment: Mapping[str, str]) -> int:
    """The number of the pull or merge request. Raises `DeclarationError` when the job does not run for one."""
    github = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", environment.get("GITHUB_REF", ""))
    number = github[1] if github else environment.get("CI_MERGE_REQUEST_IID", "")
    if not number.isdecimal():
        message = "this job does not run for a pull or merge request: give its number with --number"
        raise DeclarationError(message)
    return int(number)


def _required(environment: Mapping[str, str], name: str, what: str) -> str:
    value = access.token(name, environment.get(name, ""))
    if not value:
        message = f"{name} is not set ({what})"
        raise DeclarationError(message)
    return value
