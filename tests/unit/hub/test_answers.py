"""JSON that is not what was asked for: one line with the address, and never a thing that is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hf_endpoints.errors import ApiUnwell, OutcomeUnknown
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_endpoints.hub.snapshot import Snapshots
from tests.support.answering import answering

OTHERS: tuple[Any, ...] = (
    *(None, {}, 5, "text", [1], {"a": 1}, {"items": [{}]}, {"items": {}}, {"vendors": {}}, {"vendors": [1]}),
    {"vendors": [{"name": "aws", "regions": [{"name": "us-east-1", "computes": [{"accelerator": 1}]}]}]},
    {"name": "a", "status": {"state": 1}},
    {"items": [{"name": "a", "status": {"state": "running", "createdAt": "x", "url": 5}}]},
)
CALLS: dict[str, Callable[[HubClient], object]] = {
    "read the hardware of namespace 'acme'": lambda hub: hub.hardware("acme"),
    "list the endpoints of namespace 'acme'": lambda hub: list(hub.endpoints("acme")),
    "read endpoint 'acme/a'": lambda hub: hub.find("acme", "a"),
    "update endpoint 'acme/a'": lambda hub: hub.update("acme", "a", {}),
    "pause endpoint 'acme/a'": lambda hub: hub.pause("acme", "a"),
    "create endpoint 'acme/a'": lambda hub: hub.create("acme", {"name": "a"}),
}


@pytest.fixture(autouse=True)
def sessions(loopback: None) -> None:
    """Quick ones."""
    del loopback


def client(base_url: str) -> HubClient:
    """Ours, for which everything is at that address."""
    return HubClient(Settings(base_url, base_url, "hf_x", base_url))


@pytest.mark.parametrize("doing", CALLS)
def test_json_of_another_shape_asks_for_the_base_url(doing: str) -> None:
    """As the API's failure: a create is of unknown outcome, and nothing is taken for absent or empty."""
    for other in (*OTHERS, []):
        with answering(other) as url, pytest.raises((ApiUnwell, OutcomeUnknown)) as caught:
            CALLS[doing](client(url))
        assert (OutcomeUnknown if doing.startswith("create") else ApiUnwell) is caught.type
        line = f"cannot {doing}: the answer of {url} is not what this API gives; is it the right base URL?"
        assert line == str(caught.value), other


@pytest.mark.parametrize("doing", CALLS)
def test_a_refusal_of_another_shape_does_too(doing: str) -> None:
    """Its reason cannot be read."""
    with answering(["no"], status=400) as url, pytest.raises((ApiUnwell, OutcomeUnknown), match="right base URL"):
        CALLS[doing](client(url))


def test_a_refresh_never_takes_one_for_gone() -> None:
    """Neither the list nor the look at one."""
    for other in (*OTHERS, []):
        with answering(other) as url, pytest.raises(ApiUnwell):
            Snapshots(client(url), lambda: 0.0).endpoint("acme", "a")


def test_a_hub_that_is_none_is_asked_for_by_its_setting() -> None:
    """For the model, its commits and what its size is estimated from."""
    asks: tuple[Callable[[HubClient], object], ...] = (
        lambda hub: hub.model("gpt2", None),
        lambda hub: hub.facts("gpt2", None),
        lambda hub: hub.commits_since("gpt2", "main", "a" * 40),
    )
    for ask in asks:
        for other in (None, 5, [1], {"a": 1}):
            with answering(other) as url, pytest.raises(ApiUnwell) as caught:
                ask(client(url))
            said = f"cannot ask about 'gpt2': the answer of {url} is not what this API gives"
            assert f"{said}; is HF_ENDPOINT the address of a Hub?" == str(caught.value), other


def test_a_catalog_that_is_none_is_asked_for_by_its_setting() -> None:
    """An entry without a recipe's parts, and anything else."""
    item = {"repoId": "gpt2", "recipes": [{"publicId": 1}]}
    others: tuple[Any, ...] = (None, [], {}, {"items": [1]}, {"items": [{}]}, {"items": [item]})
    for other in others:
        with answering(other) as url, pytest.raises(ApiUnwell) as caught:
            client(url).recipes("gpt2")
        assert "does HF_ENDPOINTS_CATALOG_URL name a catalog?" in str(caught.value), other
