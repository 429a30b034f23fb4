"""schemathesis, which knows nothing but the OpenAPI document, calls every operation and looks for what is not in it.

Half of the calls meet an endpoint that is there. Which of its checks are not asked for, and why: *positive data
acceptance*, for the API refuses much that a schema cannot say (hardware that nobody rents, a quota, a status);
*negative data rejection*, for the API drops keys and parameters that it does not know and reads null as absent, which
is recorded; those of tokens, for any token may do everything here and ``test_control_plane`` has them. Streams are left
out, for they last as long as their endpoint: ``test_logs`` and ``test_observation`` read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from hf_reference.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running
    from tests.support.described import Description

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.allow_header_conformance,
]
EXAMPLES = 6
E1 = {"namespace": "acme", "name": "e1"}
CASES = [
    pytest.param(mode, *key, id=f"{mode.value} {operation.id}")
    for key, operation in OPERATIONS.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if not key[1].endswith("/sse") and (operation.token or mode is GenerationMode.POSITIVE)  # nothing to get wrong
]


@pytest.fixture
def base_url(server: Running, call: Callable[..., Any], wire: dict[str, Any]) -> str:
    """Serve with one endpoint that runs."""
    call("POST", "/v2/endpoint/acme", wire)
    server.advance(30)
    return server.base_url


@pytest.mark.parametrize(("mode", "method", "path"), CASES)
def test_a_stranger_meets_nothing_that_is_not_described(
    base_url: str, described: Description, mode: GenerationMode, method: str, path: str
) -> None:
    """No fault of ours, no other status, content type, header or key than the document has."""
    operation = schemathesis.openapi.from_dict(described.document)[path][method]
    bounds = settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None)

    @settings(bounds, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), known=st.sampled_from([{}, E1]))
    def examine(case: Any, known: dict[str, str]) -> None:
        case.path_parameters = {**case.path_parameters, **known}
        case.query = {key: value for key, value in (case.query or {}).items() if key != "follow"}  # never ends
        response = case.call(base_url=base_url, headers={"authorization": "Bearer hf_stranger"})
        case.validate_response(response, checks=CHECKS)

    examine()


def test_what_is_not_served_is_refused_in_the_one_shape(call: Callable[..., Any]) -> None:
    """An unknown path is not found; a method that a path does not have is answered with those that it has."""
    assert call("GET", "/v2/no/such/path")[::2] == (404, {"error": "Not Found"})
    refused = call("PATCH", "/v2/endpoint/acme/e1")
    assert refused[::2] == (405, {"error": "Method Not Allowed"})
    assert refused.headers["allow"] == "DELETE, GET, PUT"
