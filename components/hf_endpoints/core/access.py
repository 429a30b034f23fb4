"""An address and a token as somebody gave them: in a form that can be sent, or a line that says what to correct.

What is not found here comes up as an error of the HTTP library in the middle of a call, or as a network that is down.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from hf_endpoints.errors import DeclarationError

_BASE_URL: Final = re.compile(
    r"https?://(?P<host>\[(?P<v6>[0-9a-f:.]+)\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:/[!\"$->@-~]*)?",
    re.IGNORECASE,
)
"""What httpx2 takes for a URL with a host, without user, query and fragment; of hosts in other letters, Punycode."""
_LARGEST_PORT: Final = 65535
_OF_NO_TOKEN: Final = re.compile(r"[^!-~]")
"""What an ``Authorization`` header with a token cannot hold."""


def base_url(name: str, given: str) -> str:
    """The address without white space around it and slashes at its end.

    Raises `DeclarationError`, which names the setting.
    """
    url = given.strip()
    parts = _BASE_URL.fullmatch(url)
    if parts is None or not _is_host(parts["host"], parts["v6"]) or int(parts["port"] or 0) > _LARGEST_PORT:
        shown = "this" if "@" in url else repr(url)  # a password may stand before it
        message = f"{name}: {shown} is no base URL: write it as https://host, https://host:8443 or https://host/path"
        raise DeclarationError(message)
    return url.rstrip("/")


def token(name: str, given: str) -> str:
    """The token without white space around it.

    Raises `DeclarationError`, which names the setting and does not show the token.
    """
    value = given.strip()
    odd = _OF_NO_TOKEN.search(value)
    if odd is not None:
        what = "white space" if odd[0].isspace() else "not plain ASCII"
        message = f"{name}: character {odd.start() + 1} of the token is {what}, which no token has: copy it again"
        raise DeclarationError(message)
    return value


def _is_host(host: str, v6: str | None) -> bool:
    try:
        if v6 is not None:
            IPv6Address(v6)
        elif re.fullmatch(r"[0-9]+(\.[0-9]+){3}", host):
            IPv4Address(host)
    except AddressValueError:
        return False
    return True
