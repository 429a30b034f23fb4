"""The parts of GitHub's and GitLab's REST APIs that a pipeline writes to, on loopback, from their documentation.

Written from the hosts' documents and not from our client: tokens, paging by ``Link`` headers, pull requests among the
issues, an account that may not ask who it is, ids by host. Both hosts hold the same kind of list: comments by change,
and issues. It also plays the two ends of a keyless log-in: the job's identity token, and the Hub's exchange of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/endpoints"
PROJECT = "42"
TOKEN = "forge-token"
GITHUB_LOGIN = "github-actions[bot]"
GITLAB_LOGIN = "project_42_bot"
LARGEST_PAGE = 2
"""So that a test of paging needs three entries; the hosts' is 100."""


@dataclass
class Entry:
    """A comment or an issue."""

    number: int
    author: str
    text: str
    title: str = ""
    open: bool = True
    pull_request: bool = False


@dataclass
class Forge:
    """What a running host holds, and where it is."""

    url: str = ""
    comments: dict[int, list[Entry]] = field(default_factory=dict)
    issues: list[Entry] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    failing: int | None = None
    """A status that every call is answered with."""
    exchanged: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of the Hub's token exchange."""

    @property
    def github(self) -> dict[str, str]:
        """The variables of a job of GitHub Actions that runs for pull request 7."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REF": "refs/pull/7/merge",
        }

    @property
    def gitlab(self) -> dict[str, str]:
        """The variables of a job of GitLab CI that runs for merge request 7."""
        return {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": PROJECT,
            "CI_MERGE_REQUEST_IID": "7",
            "GITLAB_TOKEN": TOKEN,
        }

    def texts(self, change: int = 7) -> list[str]:
        """The comments under a change."""
        return [entry.text for entry in self.comments.get(change, [])]

    def writes(self) -> list[str]:
        """The calls that were no reads."""
        return [call for call in self.calls if not call.startswith("GET ")]

    def next_number(self) -> int:
        return 1 + sum(map(len, self.comments.values())) + len(self.issues)


@contextmanager
def running_forge() -> Iterator[Forge]:
    """Both hosts on one free port."""
    forge = Forge()

    class Handler(_Handler):
        held = forge

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Forge
    protocol_version = "HTTP/1.0"  # one call per connection: nothing is left open when the server goes

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        pass

    def _answer(self) -> None:
        self.held.calls.append(f"{self.command} {urlsplit(self.path).path}")
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        headers: dict[str, str] = {}
        answer: Any = {"message": "the host is unwell"}
        status = self.held.failing
        if status is None:
            status, answer = self._route(body)
        if isinstance(answer, list):
            answer, headers = self._page(answer)
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _page(self, entries: list[Any]) -> tuple[list[Any], dict[str, str]]:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        size, page = min(int(query.get("per_page", "30")), LARGEST_PAGE), int(query.get("page", "1"))
        shown = entries[(page - 1) * size : page * size]
        if page * size >= len(entries):
            return shown, {}
        rest = "&".join(f"{key}={value}" for key, value in {**query, "page": str(page + 1)}.items())
        return shown, {"Link": f'<{self.held.url}{parts.path}?{rest}>; rel="next", <{self.held.url}>; rel="first"'}

    def _route(self, body: Any) -> tuple[int, Any]:
        path = urlsplit(self.path).path
        if path == "/oidc":
            return self._identity()
        if path == "/oauth/token":
            return self._exchange(body)
        if path.startswith("/api/v4/"):
            return self._gitlab(path.removeprefix("/api/v4/").split("/"), body)
        return self._github(path.removeprefix("/").split("/"), body)

    def _identity(self) -> tuple[int, Any]:
        """GitHub's answer to a job with ``id-token: write`` (its documentation of OpenID Connect)."""
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "unauthorised"}
        audience = parse_qs(urlsplit(self.path).query)["audience"][0]
        return 200, {"value": f"identity-for-{audience}"}

    def _exchange(self, body: Any) -> tuple[int, Any]:
        """The Hub's (its documentation of trusted publishers): 400 for what no publisher matches."""
        self.held.exchanged.append(body)
        if not str(body.get("subject_token")).startswith("identity-for-http"):
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "hf_exchanged", "token_type": "bearer", "expires_in": 3600}

    def _github(self, path: list[str], body: Any) -> tuple[int, Any]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if path[0] == "user":
            return 403, {"message": "Resource not accessible by integration"}
        if path[:3] != ["repos", *REPOSITORY.split("/")]:
            return 404, {"message": "Not Found"}
        match self.command, path[3:]:
            case "GET", ["issues"]:
                return 200, [_github_issue(entry) for entry in self.held.issues if entry.open]
            case "POST", ["issues"]:
                return 201, _github_issue(self._add(self.held.issues, body["body"], GITHUB_LOGIN, body["title"]))
            case "PATCH", ["issues", "comments", number]:
                return self._change(_every(self.held.comments), number, body, _github_comment)
            case "PATCH", ["issues", number]:
                return self._change(self.held.issues, number, body, _github_issue)
            case "GET", ["issues", number, "comments"]:
                return 200, [_github_comment(entry) for entry in self.held.comments.get(int(number), [])]
            case "POST", ["issues", number, "comments"]:
                there = self.held.comments.setdefault(int(number), [])
                return 201, _github_comment(self._add(there, body["body"], GITHUB_LOGIN))
        return 404, {"message": "Not Found"}

    def _gitlab(self, path: list[str], body: Any) -> tuple[int, Any]:
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            return 401, {"message": "401 Unauthorized"}
        if path == ["user"]:
            return 200, {"username": GITLAB_LOGIN}
        if path[:2] != ["projects", PROJECT]:
            return 404, {"message": "404 Project Not Found"}
        match self.command, path[2:]:
            case "GET", ["issues"]:
                return 200, [_gitlab_issue(entry) for entry in self.held.issues if entry.open]
            case "POST", ["issues"]:
                return 201, _gitlab_issue(self._add(self.held.issues, body["description"], GITLAB_LOGIN, body["title"]))
            case "PUT", ["issues", number]:
                return self._change(self.held.issues, number, body, _gitlab_issue)
            case "PUT", ["merge_requests", change, "notes", number]:
                return self._change(self.held.comments.get(int(change), []), number, body, _gitlab_note)
            case "GET", ["merge_requests" | "issues", number, "notes"]:
                return 200, [_gitlab_note(entry) for entry in self.held.comments.get(int(number), [])]
            case "POST", ["merge_requests" | "issues", number, "notes"]:
                there = self.held.comments.setdefault(int(number), [])
                return 201, _gitlab_note(self._add(there, body["body"], GITLAB_LOGIN))
        return 404, {"message": "404 Not Found"}

    def _add(self, there: list[Entry], text: str, author: str, title: str = "") -> Entry:
        entry = Entry(self.held.next_number(), author, text, title)
        there.append(entry)
        return entry

    def _change(self, there: list[Entry], number: str, body: Any, shown: Any) -> tuple[int, Any]:
        entry = next((one for one in there if one.number == int(number)), None)
        if entry is None:
            return 404, {"message": "Not Found"}
        entry.text = body.get("body", body.get("description", entry.text))
        entry.title = body.get("title", entry.title)
        if body.get("state") == "closed" or body.get("state_event") == "close":
            entry.open = False
        return 200, shown(entry)


def _every(comments: dict[int, list[Entry]]) -> list[Entry]:
    return [entry for there in comments.values() for entry in there]


def _github_comment(entry: Entry) -> dict[str, Any]:
    url = f"https://github.example/{REPOSITORY}#comment-{entry.number}"
    return {"id": entry.number, "user": {"login": entry.author}, "body": entry.text, "html_url": url}


def _github_issue(entry: Entry) -> dict[str, Any]:
    shown = {
        "number": entry.number,
        "user": {"login": entry.author},
        "title": entry.title,
        "body": entry.text or None,
        "html_url": f"https://github.example/{REPOSITORY}/issues/{entry.number}",
    }
    return {**shown, "pull_request": {}} if entry.pull_request else shown


def _gitlab_note(entry: Entry) -> dict[str, Any]:
    return {"id": entry.number, "author": {"username": entry.author}, "body": entry.text, "system": False}


def _gitlab_issue(entry: Entry) -> dict[str, Any]:
    return {
        "id": 1000 + entry.number,
        "iid": entry.number,
        "author": {"username": entry.author},
        "title": entry.title,
        "description": entry.text,
        "web_url": f"https://gitlab.example/acme/endpoints/-/issues/{entry.number}",
    }
