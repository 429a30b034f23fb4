"""GitLab: comments are notes of a merge request (REST API, version 4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

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
        return str(self._api.send("GET", "/user", "read whose token it is")["username"])

    def comments(self, change: int) -> Iterator[Note]:
        """Every comment under the merge request, oldest first."""
        path = f"/merge_requests/{change}/notes?sort=asc"
        for wire in self._calls.every(path, f"read the notes of merge request {change}"):
            yield _note(wire, "id", "body")

    def comment(self, change: int, text: str) -> Note:
        """Write a comment."""
        path, doing = f"/merge_requests/{change}/notes", f"comment on merge request {change}"
        return _note(self._calls.send("POST", path, doing, {"body": text}), "id", "body")

    def edit_comment(self, change: int, note: Note, text: str) -> Note:
        """Put another text in the place of a comment's."""
        path = f"/merge_requests/{change}/notes/{note.number}"
        doing = f"edit note {note.number} on merge request {change}"
        return _note(self._calls.send("PUT", path, doing, {"body": text}), "id", "body")

    def issues(self) -> Iterator[Note]:
        """Every open issue."""
        for wire in self._calls.every("/issues?state=opened", "read the open issues"):
            yield _note(wire, "iid", "description")

    def open_issue(self, title: str, text: str) -> Note:
        """Open an issue."""
        body = {"title": title, "description": text}
        return _note(self._calls.send("POST", "/issues", "open an issue", body), "iid", "description")

    def edit_issue(self, note: Note, title: str, text: str) -> Note:
        """Put another title and text in the place of an issue's."""
        return self._edit(note, {"title": title, "description": text})

    def close_issue(self, note: Note, why: str) -> Note:
        """Comment on an issue and close it."""
        self._calls.send("POST", f"/issues/{note.number}/notes", f"comment on issue {note.number}", {"body": why})
        return self._edit(note, {"state_event": "close"})

    def _edit(self, note: Note, body: dict[str, str]) -> Note:
        doing = f"edit issue {note.number}"
        return _note(self._calls.send("PUT", f"/issues/{note.number}", doing, body), "iid", "description")


def _note(wire: dict[str, Any], number: str, text: str) -> Note:
    author = (wire.get("author") or {}).get("username", "")
    return Note(int(wire[number]), author, wire.get(text) or "", wire.get("web_url", ""))
