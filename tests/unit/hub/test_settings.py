from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.errors import DeclarationError
from hf_endpoints.hub.settings import DEFAULT_API_URL, DEFAULT_HUB_URL, Settings
from tests.support.builders import SECRET

FROM_CONFIG = {
    "hf-endpoints:token": "hf_config",
    "hf-endpoints:apiUrl": "http://config/v2",
    "hf-endpoints:hubUrl": "http://config",
}
FROM_ENVIRONMENT = {
    "HF_TOKEN": "hf_environment",
    "HF_ENDPOINTS_API_URL": "http://environment/v2",
    "HF_ENDPOINT": "http://environment",
}


def resolve(config: dict[str, Any] | None = None, environment: dict[str, str] | None = None) -> Settings:
    return Settings.resolve((config or {}).get, environment or {})


def test_the_environment_comes_first() -> None:
    """What is said for one command; the names are huggingface_hub's, where it has one."""
    expected = Settings("http://environment/v2", "http://environment", "hf_environment")
    assert expected == resolve(FROM_CONFIG, FROM_ENVIRONMENT)


def test_the_stacks_configuration_comes_next() -> None:
    """What holds for the stack whoever deploys it."""
    assert Settings("http://config/v2", "http://config", "hf_config") == resolve(FROM_CONFIG, {})


def test_each_value_is_looked_for_by_itself() -> None:
    """A token of the environment goes with an address of the stack."""
    settings = resolve({"hf-endpoints:apiUrl": "http://config/v2"}, {"HF_TOKEN": "hf_environment"})
    assert Settings("http://config/v2", DEFAULT_HUB_URL, "hf_environment") == settings


def test_without_addresses_the_service_is_meant() -> None:
    """The token is all that must be given."""
    assert Settings(DEFAULT_API_URL, DEFAULT_HUB_URL, "hf_x") == resolve({}, {"HF_TOKEN": "hf_x"})


@pytest.mark.parametrize("token", [None, "", " ", "\n"])
def test_without_a_token_it_says_how_to_give_one(token: str | None) -> None:
    """Empty and blank are none."""
    with pytest.raises(DeclarationError, match=r"HF_TOKEN.*pulumi config set --secret hf-endpoints:token"):
        resolve({"hf-endpoints:token": token}, {"HF_TOKEN": token or ""})


def test_slashes_and_blanks_at_the_end_are_cut() -> None:
    """A token pasted with its line end, an address with its slash."""
    settings = resolve({}, {"HF_TOKEN": "hf_x\n", "HF_ENDPOINTS_API_URL": "http://h/v2/", "HF_ENDPOINT": "http://h/"})
    assert Settings("http://h/v2", "http://h", "hf_x") == settings


@pytest.mark.parametrize(
    ("config", "environment", "name"),
    [
        ({}, {"HF_ENDPOINTS_API_URL": "http://127.0.0.1:PORT/v2"}, "HF_ENDPOINTS_API_URL"),
        ({"hf-endpoints:apiUrl": "api.example/v2"}, {}, "hf-endpoints:apiUrl"),
        ({}, {"HF_ENDPOINT": "huggingface.co"}, "HF_ENDPOINT"),
        ({"hf-endpoints:hubUrl": "https://"}, {}, "hf-endpoints:hubUrl"),
        ({}, {"HF_ENDPOINTS_CATALOG_URL": "ftp://h"}, "HF_ENDPOINTS_CATALOG_URL"),
        ({}, {"HF_TOKEN": f"{SECRET}\nhf_second"}, "HF_TOKEN"),
        ({"hf-endpoints:token": f"{SECRET}é"}, {"HF_TOKEN": ""}, "hf-endpoints:token"),
    ],
)
def test_what_cannot_be_sent_is_told_before_it_is(
    config: dict[str, Any], environment: dict[str, str], name: str
) -> None:
    """By the name of the setting that holds it; a token is not shown."""
    with pytest.raises(DeclarationError, match=f"^{name}: ") as caught:
        resolve(config, {"HF_TOKEN": "hf_x", **environment})
    assert SECRET not in str(caught.value)


def test_the_token_is_not_in_the_text_of_the_settings() -> None:
    """They may end in a log."""
    assert SECRET not in repr(Settings("a", "b", SECRET))
