"""`HubClient`: one method per route that we call, each with a time-out, a retry where a repeat is safe, and our errors.

huggingface_hub brings the session, the headers, the backoff and the reading of errors; its own endpoint methods are
not used because they fix the host, cannot send null or ``type``, and read only the first page of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import httpx2
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status, http_backoff

from hf_endpoints.core.answers import NOT_READ, entries, not_read
from hf_endpoints.core.hardware import Instance, parse_hardware
from hf_endpoints.core.sizing import ModelFacts
from hf_endpoints.core.wire import Observation, Wire, parse_endpoint
from hf_endpoints.errors import (
    AlreadyExists,
    ApiRefused,
    ApiUnwell,
    Forbidden,
    HfEndpointsError,
    NotFound,
    OutcomeUnknown,
    Unauthorized,
)
from hf_endpoints.hub.catalog import Recipe, read_recipes
from hf_endpoints.hub.logs import follow_lines, read_lines
from hf_endpoints.hub.models import Commit, ModelInfo, read_commits_since, read_facts, read_model
from hf_endpoints.hub.settings import Settings

A = TypeVar("A")

_TIMEOUT: Final = httpx2.Timeout(60, connect=10)
"""Seconds for one call: huggingface_hub's session has none, and a hung socket would block a deployment."""
_PROBE_TIMEOUT: Final = httpx2.Timeout(10, connect=5)
_PAGE: Final = 100
"""Entries asked for per page (the API's default is 20); a smaller page from the API only means more pages."""
_RETRIES: Final = 3
"""Repeats of a call that is safe to repeat, after 0.5, 1 and 2 s."""
_BROKEN_OFF: Final = (httpx2.ReadError, httpx2.RemoteProtocolError)
_LOST: Final = (*_BROKEN_OFF, httpx2.NetworkError, httpx2.TimeoutException)
"""Calls that may be repeated; of these, an answer that broke off tells that somebody is there."""

_STATUS_ERRORS: Final[Mapping[int, type[ApiRefused]]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: AlreadyExists,
}
_NEXT_STEP: Final[Mapping[int, str]] = {
    401: "check the token in HF_TOKEN or hf-endpoints:token",
    403: "give the token the permission to manage Inference Endpoints in this namespace; the API also answers so "
    "when the account has no payment method",
}


class HubClient:
    """Calls the control plane with one token.

    Threads may share it; every method blocks and may raise the API errors of `hf_endpoints.errors`.
    """

    def __init__(self, settings: Settings) -> None:
        """Keep where to call; nothing is sent yet."""
        self._settings = settings
        self._has_answered = False
        """Whether the API is known to be at that address: until then a 404 may be everybody's."""

    def hardware(self, namespace: str, *, patient: bool = True) -> tuple[Instance, ...]:
        """The instances that the namespace may use.

        ``patient=False`` gives up at once where nobody answers, as without network; an API that answers that it is
        unwell is asked again all the same.
        """
        where = f"/provider/{quote(namespace, safe='')}"
        doing = f"read the hardware of namespace {namespace!r}"
        return self._get(where, doing, parse_hardware, patient=patient, of=namespace)

    def endpoints(self, namespace: str) -> Iterator[Observation]:
        """Every endpoint of the namespace, following the cursor from page to page."""
        cursor: str | None = None
        while True:
            found, cursor = self._page(namespace, _PAGE, cursor)
            yield from found
            if not cursor:
                return

    def _page(self, namespace: str, limit: int, cursor: str | None = None) -> tuple[list[Observation], str | None]:
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        where = f"{_path(namespace)}?{httpx2.QueryParams(query)}"
        return self._get(where, f"list the endpoints of namespace {namespace!r}", _read_page, of=namespace)

    def find(self, namespace: str, name: str) -> Observation | None:
        """The endpoint, or None when the API knows none of that name.

        Nothing is found below a wrong base URL either, and that is no deletion: before the API's first answer a 404 is
        believed only when the namespace has a list, which costs a call; raises `NotFound` when it has none.
        """
        try:
            return self._get(_path(namespace, name), f"read endpoint '{namespace}/{name}'", parse_endpoint)
        except NotFound:
            if not self._has_answered:
                self._page(namespace, 1)
            return None

    def create(self, namespace: str, body: Wire) -> Observation:
        """Create an endpoint; one attempt.

        Raises `AlreadyExists` when the name is taken, `OutcomeUnknown` when no answer came back or a 5xx that does
        not tell whether it was applied, `ApiUnwell` when nothing can have been sent.
        """
        doing = f"create endpoint '{namespace}/{body['name']}'"
        try:
            return parse_endpoint(self._once("POST", _path(namespace), body))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, OfflineModeIsEnabled) as failure:
            raise self._unreachable(doing, failure) from failure
        except httpx2.TransportError as failure:
            message = f"cannot {doing}: the answer was lost ({type(failure).__name__})"
            raise OutcomeUnknown(message) from failure
        except HfHubHTTPError as failure:
            error = _refused(doing, failure, self._if_not_found(namespace))
            if isinstance(error, ApiUnwell):
                raise OutcomeUnknown(str(error)) from failure
            raise error from failure
        except NOT_READ as failure:
            raise OutcomeUnknown(not_read(doing, self._settings.api_url, failure)) from failure

    def update(self, namespace: str, name: str, body: Wire) -> Observation:
        """Change an endpoint in place; repeating the call is harmless, so a lost answer is asked for again."""
        with self._asking(f"update endpoint '{namespace}/{name}'"):
            return parse_endpoint(self._repeatable("PUT", _path(namespace, name), body))

    def delete(self, namespace: str, name: str) -> None:
        """Ask for the deletion, which the API carries out later; one that is gone already is fine."""
        with suppress(NotFound), self._asking(f"delete endpoint '{namespace}/{name}'"):
            self._repeatable("DELETE", _path(namespace, name))

    def pause(self, namespace: str, name: str) -> Observation:
        """Stop an endpoint: nothing wakes it and nothing is billed."""
        return self._verb(namespace, name, "pause")

    def resume(self, namespace: str, name: str) -> None:
        """Bring a paused endpoint back; one that runs already is fine (the API answers 400 with those words)."""
        try:
            self._verb(namespace, name, "resume")
        except ApiRefused as refused:
            if "already running" not in str(refused):
                raise

    def scale_to_zero(self, namespace: str, name: str) -> Observation:
        """Stop all replicas until the next request."""
        return self._verb(namespace, name, "scale-to-zero")

    def _verb(self, namespace: str, name: str, verb: str) -> Observation:
        with self._asking(f"{verb.replace('-', ' ')} endpoint '{namespace}/{name}'"):
            return parse_endpoint(self._repeatable("POST", f"{_path(namespace, name)}/{verb}"))

    def logs(self, namespace: str, name: str, tail: int) -> list[str]:
        """The last lines of an endpoint's log, oldest first."""
        with self._asking(f"read the log of endpoint '{namespace}/{name}'"):
            return read_lines(self._settings, _path(namespace, name), tail)

    def follow_logs(self, namespace: str, name: str, tail: int) -> Iterator[str]:
        """The last lines of an endpoint's log, and then each new one as it comes."""
        with self._asking(f"follow the log of endpoint '{namespace}/{name}'"):
            yield from follow_lines(self._settings, _path(namespace, name), tail)

    @contextmanager
    def _asking(self, doing: str, of: str | None = None) -> Iterator[None]:
        """Turn the errors of a call, and of reading its answer, into ours; ``of`` is whose list it is about."""
        try:
            yield
        except (httpx2.TransportError, OfflineModeIsEnabled) as failure:
            raise self._unreachable(doing, failure) from failure
        except HfHubHTTPError as failure:
            raise _refused(doing, failure, self._if_not_found(of)) from failure
        except NOT_READ as failure:
            raise ApiUnwell(not_read(doing, self._settings.api_url, failure)) from failure

    def model(self, repository: str, revision: str | None) -> ModelInfo:
        """What the Hub says of a model repository; see `hf_endpoints.hub.models.read_model`."""
        return read_model(self._settings, repository, revision)

    def commits_since(self, repository: str, revision: str, since: str) -> tuple[Commit, ...] | None:
        """The commits after ``since``; see `hf_endpoints.hub.models.read_commits_since`."""
        return read_commits_since(self._settings, repository, revision, since)

    def facts(self, repository: str, revision: str | None) -> ModelFacts:
        """What the memory of a model is estimated from; see `hf_endpoints.hub.models.read_facts`."""
        return read_facts(self._settings, repository, revision)

    def recipes(self, repository: str) -> tuple[Recipe, ...]:
        """The catalog's ways to deploy a repository; see `hf_endpoints.hub.catalog.read_recipes`."""
        return read_recipes(self._settings, repository)

    def probe(self, url: str, health_route: str) -> int | None:
        """The status code of the endpoint's health route, or None when it cannot be reached. Never raises."""
        headers = build_hf_headers(token=self._settings.token, library_name="pulumi-hf-endpoints")
        try:
            where = f"{url.rstrip('/')}/{health_route.lstrip('/')}"
            return get_session().get(where, headers=headers, timeout=_PROBE_TIMEOUT).status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled):
            return None

    def _get(
        self, path: str, doing: str, read: Callable[[Any], A], *, patient: bool = True, of: str | None = None
    ) -> A:
        with self._asking(doing, of):
            answer = read(self._repeatable("GET", path, patient=patient))
        self._has_answered = True
        return answer

    def _once(self, method: str, path: str, body: Wire | None) -> Any:  # noqa: ANN401  JSON
        response = get_session().request(method, self._url(path), json=body, headers=self._headers(), timeout=_TIMEOUT)
        hf_raise_for_status(response)
        return response.json()

    def _repeatable(
        self,
        method: Literal["GET", "PUT", "POST", "DELETE"],
        path: str,
        body: Wire | None = None,
        *,
        patient: bool = True,
    ) -> Any:  # noqa: ANN401  JSON
        response = http_backoff(
            method,
            self._url(path),
            max_retries=_RETRIES,
            base_wait_time=0.5,
            retry_on_exceptions=_LOST if patient else _BROKEN_OFF,
            headers=self._headers(),
            timeout=_TIMEOUT,
            json=body,
        )
        hf_raise_for_status(response)
        return response.json()

    def _if_not_found(self, namespace: str | None) -> str | None:
        """What to look at when the API knows no list of a namespace."""
        if namespace is None:
            return None
        if not self._settings.api_url.endswith("/v2"):
            return "does HF_ENDPOINTS_API_URL (hf-endpoints:apiUrl) end in /v2?"
        return f"is there a namespace {namespace!r}?"

    def _url(self, path: str) -> str:
        return f"{self._settings.api_url}{path}"

    def _headers(self) -> dict[str, str]:
        return build_hf_headers(token=self._settings.token, library_name="pulumi-hf-endpoints")

    def _unreachable(self, doing: str, failure: Exception) -> ApiUnwell:
        return ApiUnwell(
            f"cannot {doing}: {self._settings.api_url} cannot be reached ({type(failure).__name__}); "
            "check the network and HF_ENDPOINTS_API_URL"
        )


def _path(*names: str) -> str:
    """The path of a namespace's endpoints, or of one of them."""
    return "/".join(["/endpoint", *(quote(name, safe="") for name in names)])


def _read_page(wire: Any) -> tuple[list[Observation], str | None]:  # noqa: ANN401  JSON
    """A page of a list, and the cursor of the next."""
    return [parse_endpoint(item) for item in entries(wire["items"])], wire.get("nextCursor")


def _refused(doing: str, failure: HfHubHTTPError, if_not_found: str | None) -> HfEndpointsError:
    code = failure.response.status_code
    said = " ".join((failure.server_message or failure.response.reason_phrase or "no reason given").split())
    message = f"cannot {doing}: the API said {code}: {said}"
    if code == httpx2.codes.TOO_MANY_REQUESTS or code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        return ApiUnwell(f"{message}; try again")
    step = if_not_found if code == httpx2.codes.NOT_FOUND else _NEXT_STEP.get(code)
    return _STATUS_ERRORS.get(code, ApiRefused)(f"{message}; {step}" if step else message)
