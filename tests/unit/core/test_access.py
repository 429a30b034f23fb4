from __future__ import annotations

import httpx2
import pytest

from hf_endpoints.core.access import base_url, token
from hf_endpoints.errors import DeclarationError

GOOD = (
    *("https://api.endpoints.huggingface.cloud/v2", "http://127.0.0.1:8000", "HTTP://Host/", "http://[::1]:80/v2"),
    *("http://a_b.internal:65535/x/y-z/~u/%20/", "http://10.0.0.1", "https://xn--bcher-kva.example", " https://h \n"),
)
BAD = (
    *(
        "",
        "h",
        "h/v2",
        "127.0.0.1:8000/v2",
        "//h",
        "ftp://h",
        "http://",
        "http:///v2",
        "http://h:PORT",
        "http://h:65536",
    ),
    *("http://h:", "http://h:999999", "http://h/a b", "http://h/a\x01", "http://h\n/v2", "http://[::1", "http://[1:2]"),
    *(
        "http://999.1.1.1",
        "http://h?x=1",
        "http://h/v2#x",
        "http://bücher.example",
        "https://hf_secret@h",
        "http://h\\v2",
    ),
)


@pytest.mark.parametrize("given", GOOD)
def test_an_address_that_can_be_called_is_taken(given: str) -> None:
    """Without white space around it and slashes at its end; the HTTP library takes what comes of it."""
    url = base_url("SETTING", given)
    assert given.strip().rstrip("/") == url
    assert httpx2.URL(f"{url}/endpoint/acme").host


@pytest.mark.parametrize("given", BAD)
def test_an_address_that_cannot_be_called_is_told_with_its_setting(given: str) -> None:
    """And with how one is written; what stands before an @ may be a password."""
    with pytest.raises(DeclarationError, match=r"^SETTING: .* is no base URL: write it as https://host, ") as caught:
        base_url("SETTING", given)
    assert "hf_secret" not in str(caught.value)


def test_a_token_comes_without_the_white_space_around_it() -> None:
    """As it is pasted; nothing is left of none."""
    assert [token("HF_TOKEN", given) for given in ("hf_x", " hf_x\r\n", "", "\n")] == ["hf_x", "hf_x", "", ""]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("hf_1\nhf_2", "character 5 of the token is white space"),
        ("hf 12", "character 3 of the token is white space"),
        ("é", "character 1 of the token is not plain ASCII"),
        ("hf_\x00", "character 4 of the token is not plain ASCII"),
    ],
)
def test_a_token_that_no_header_can_hold_is_told_by_its_place(given: str, what: str) -> None:
    """The token itself is not shown."""
    with pytest.raises(DeclarationError) as caught:
        token("HF_TOKEN", given)
    assert f"HF_TOKEN: {what}, which no token has: copy it again" == str(caught.value)
