"""GitHub: a pull request's comments are those of the issue of its number (REST API, version 2022-11-28)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hf_endpoints.core.answers import text_or_none
from hf_endpoints.forge.calls import Calls
from hf_endpoints.forge.note import Note

ACTIONS: Final = "github-actions[bot]"
"""Who writes with the token of a workflow; that token may not ask who it is."""


class GitHub:
    """One repository, ``owner/name``."""

    def __init__(self, api_url: str, repository: str, token: str, author: str = ACTIONS) -> None:
        """Keep where to call; nothing is sent yet."""
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        hint = "the job needs 'permissions: pull-requests: write' for comments, 'issues: write' for issues"
        self._calls = Calls(f"{api_url.rstrip('/')}/repos/{repository}", headers, hint)
        self._author = author

    def author(self) -> str:
        """The login that was given."""
        return self._author

    def comments(self, change: int) -> Iterator[Note]:
        """Every comment under the pull request, oldest first."""
        doing = f"read the comments of pull request {change}"
        yield from self._calls.every(f"/issues/{change}/comments", doing, _comment)

    def comment(self, change: int, text: str) -> Note:
        """Write a comment."""
        doing = f"comment on pull request {change}"
        return self._calls.send("POST", f"/issues/{change}/comments", doing, _comment, {"body": text})

    def edit_comment(self, change: int, note: Note, text: str) -> Note:
        """Put another text in the place of a comment's."""
        doing = f"edit comment {note.number} on pull request {change}"
        return self._calls.send("PATCH", f"/issues/comments/{note.number}", doing, _comment, {"body": text})

    def issues(self) -> Iterator[Note]:
        """Every open issue; the API lists pull requests among them."""
        for note, is_issue in self._calls.every(
            "/issues?state=open", "read the open issues", lambda wire: (_issue(wire), "pull_request" not in wire)
        ):
            if is_issue:
                yield note

    def open_issue(self, title: str, text: str) -> Note:
        """Open an issue."""
        return self._calls.send("POST", "/issues", "open an issue", _issue, {"title": title, "body": text})

    def edit_issue(self, note: Note, title: str, text: str) -> Note:
        """Put another title and text in the place of an issue's."""
        return self._edit(note, {"title": title, "body": text})

    def close_issue(self, note: Note, why: str) -> Note:
        """Comment on an issue and close it."""
        self.comment(note.number, why)
        return self._edit(note, {"state": "closed", "state_reason": "completed"})

    def _edit(self, note: Note, body: dict[str, str]) -> Note:
        doing = f"edit issue {note.number}"
        return self._calls.send("PATCH", f"/issues/{note.number}", doing, _issue, body)


def _comment(wire: dict[str, Any]) -> Note:
    return _note(wire, "id")


def _issue(wire: dict[str, Any]) -> Note:
    return _note(wire, "number")


def _note(wire: dict[str, Any], number: str) -> Note:
    author = (wire.get("user") or {}).get("login", "")  # an account that was deleted is null
    return Note(int(wire[number]), author, text_or_none(wire, "body") or "", wire.get("html_url", ""))
