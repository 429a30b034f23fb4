"""GitLab: comments are notes of a merge request (REST API, version 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from hf_endpoints.core.answers import text as text_of
from hf_endpoints.core.answers import text_or_none
from hf_endpoints.forge.calls import Calls
from hf_endpoints.forge.note import Note


class GitLab:
    """One project, by its number or its path."""

    def __init__(self, api_url: str, project: str, token: str) -> None:
        """Keep where to call; nothing is sent yet."""
        headers = {"PRIVATE-TOKEN": token}
        hint = "GITLAB_TOKEN has to be a token with the scope 'api' for this project (a job's own token may not write)"
        self._api = Calls(api_url, headers, hint)
        self._calls = Calls(f"{api_url.rstrip('/')}/projects/{quote(project, safe='')}", headers, hint)

    def author(self) -> str:
        """The user name that the token belongs to."""
        return self._api.send("GET", "/user", "read whose token it is", lambda wire: text_of(wire, "username"))

    def comments(self, change: int) -> Iterator[Note]:
        """Every comment under the merge request, oldest first."""
        path = f"/merge_requests/{change}/notes?sort=asc"
        yield from self._calls.every(path, f"read the notes of merge request {change}", _comment)

    def comment(self, change: int, text: str) -> Note:
        """Write a comment."""
        path, doing = f"/merge_requests/{change}/notes", f"comment on merge request {change}"
        return self._calls.send("POST", path, doing, _comment, {"body": text})

    def edit_comment(self, change: int, note: Note, text: str) -> Note:
        """Put another text in the place of a comment's."""
        path = f"/merge_requests/{change}/notes/{note.number}"
        doing = f"edit note {note.number} on merge request {change}"
        return self._calls.send("PUT", path, doing, _comment, {"body": text})

    def issues(self) -> Iterator[Note]:
        """Every open issue."""
        yield from self._calls.every("/issues?state=opened", "read the open issues", _issue)

    def open_issue(self, title: str, text: str) -> Note:
        """Open an issue."""
        body = {"title": title, "description": text}
        return self._calls.send("POST", "/issues", "open an issue", _issue, body)

    def edit_issue(self, note: Note, title: str, text: str) -> Note:
        """Put another title and text in the place of an issue's."""
        return self._edit(note, {"title": title, "description": text})

    def close_issue(self, note: Note, why: str) -> Note:
        """Comment on an issue and close it."""
        path = f"/issues/{note.number}/notes"
        self._calls.send("POST", path, f"comment on issue {note.number}", _comment, {"body": why})
        return self._edit(note, {"state_event": "close"})

    def _edit(self, note: Note, body: dict[str, str]) -> Note:
        doing = f"edit issue {note.number}"
        return self._calls.send("PUT", f"/issues/{note.number}", doing, _issue, body)


def _comment(wire: dict[str, Any]) -> Note:
    return _note(wire, "id", "body")


def _issue(wire: dict[str, Any]) -> Note:
    return _note(wire, "iid", "description")


def _note(wire: dict[str, Any], number: str, text: str) -> Note:
    author = (wire.get("author") or {}).get("username", "")
    return Note(int(wire[number]), author, text_or_none(wire, text) or "", wire.get("web_url", ""))
