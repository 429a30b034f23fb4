"""Custom containers: an echo, or the handler that a user names for a repository."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from huggingface_hub.utils import get_session
from PIL import Image

from hf_reference.control import serve
from hf_reference.errors import SetupError
from hf_reference.server import Options, Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Call = Callable[..., Any]

CUSTOM = {"custom": {"url": "example/image:1", "healthRoute": "/ready"}}
HANDLER = """
import beside_{name}
from PIL import Image

class EndpointHandler:
    made = 0

    def __init__(self, path=""):
        beside_{name}.MADE += 1

    def __call__(self, data):
        inputs = data["inputs"]
        if inputs == "made":
            return {{"made": beside_{name}.MADE, "parameters": data.get("parameters")}}
        if inputs == "none":
            return None
        if inputs == "bytes":
            return b"raw"
        if inputs == "image":
            return Image.new("RGB", (4, 2))
        if isinstance(inputs, Image.Image):
            return [inputs.size]
        raise KeyError("no such thing")
"""


@pytest.fixture
def handler(tmp_path: Path) -> Path:
    """Write a handler that counts how often it was made, with the help of a module beside it."""
    name = tmp_path.name
    (tmp_path / f"beside_{name}.py").write_text("MADE = 0\n")
    path = tmp_path / "handler.py"
    path.write_text(HANDLER.format(name=name))
    return path


@pytest.fixture
def server(handler: Path) -> Iterator[Running]:
    """Serve with that handler for one repository, and one that cannot be made for another."""
    broken = handler.with_name("broken.py")
    broken.write_text("class EndpointHandler:\n    def __init__(self, path):\n        raise OSError('no weights')\n")
    with running(options=Options(handlers={"acme/model": handler, "acme/broken": broken})) as made:
        yield made


@pytest.fixture
def deploy(call: Call, server: Running, wire: dict[str, Any]) -> Callable[..., str]:
    """Give a maker of running endpoints; it returns the address."""

    def make(name: str = "e1", **model: Any) -> str:
        body = {**wire, "name": name, "type": "public", "model": {**wire["model"], **model}}
        assert call("POST", "/v2/endpoint/acme", body).status == 200
        server.advance(30)
        url: str = call("GET", f"/v2/endpoint/acme/{name}").body["status"]["url"]
        return url

    return make


def test_an_image_without_a_handler_echoes(call: Call, deploy: Callable[..., str]) -> None:
    """What the container would have got, without what is secret; its health route answers."""
    url = deploy(image=CUSTOM)
    echoed = call("PUT", f"{url}/a/b?c=d", b"x", headers={"X-Own": "1", "Cookie": "secret"}).body["echo"]
    assert (echoed["method"], echoed["path"], echoed["query"]) == ("PUT", "/a/b", {"c": "d"})
    assert echoed["body"] == {"text": "x"}
    assert echoed["headers"]["x-own"] == "1"
    assert {"authorization", "cookie"}.isdisjoint(echoed["headers"])
    assert call("POST", url, b"\xff").body["echo"]["body"] == {"base64": "/w=="}
    assert call("GET", f"{url}/ready")[::2] == (200, "Ok")


@pytest.mark.parametrize("image", [CUSTOM, {"huggingface": {}}], ids=["custom", "default"])
def test_a_named_handler_serves_its_repository(call: Call, deploy: Callable[..., str], image: dict[str, Any]) -> None:
    """Whatever the task; it is made once and can import what lies beside it."""
    url = deploy(repository="acme/model", image=image, task="custom")
    assert call("POST", url, {"inputs": "made"}).body == {"made": 1, "parameters": None}
    assert call("POST", f"{url}/predict?a=1", {"inputs": "made"}).body == {"made": 1, "parameters": {"a": 1}}
    assert call("POST", url, {"inputs": "none"}).status == 204
    assert call("POST", url, {"inputs": "bytes"}).body == "raw"
    assert call("GET", f"{url}/health" if "huggingface" in image else f"{url}/ready").body == "Ok"


def test_images_go_in_and_out_of_a_handler(deploy: Callable[..., str]) -> None:
    """By content type and Accept."""
    url = deploy(repository="acme/model", image=CUSTOM)
    drawn = get_session().post(url, json={"inputs": "image"}, headers={"accept": "image/png"})
    assert Image.open(io.BytesIO(drawn.content)).size == (4, 2)
    assert isinstance(get_session().post(url, json={"inputs": "image"}).json(), str)
    assert get_session().post(url, content=drawn.content, headers={"content-type": "image/png"}).json() == [[4, 2]]


def test_a_handlers_exception_is_a_400_with_its_text(call: Call, deploy: Callable[..., str]) -> None:
    """As the toolkit does; the check of the body comes first."""
    url = deploy(repository="acme/model", image=CUSTOM)
    assert call("POST", url, {"inputs": "else"})[::2] == (400, {"error": "'no such thing'"})
    assert call("POST", url, {})[::2] == (400, {"error": "Body needs to provide a inputs key, received: {}"})


def test_a_deployment_has_a_handler_of_its_own(call: Call, server: Running, deploy: Callable[..., str]) -> None:
    """A second endpoint too, and an update."""
    url = deploy(repository="acme/model", image=CUSTOM)
    other = deploy("e2", repository="acme/model", image=CUSTOM)
    assert [call("POST", address, {"inputs": "made"}).body["made"] for address in (url, other, url)] == [1, 2, 2]
    call("PUT", "/v2/endpoint/acme/e1", {"model": {"env": {"A": "1"}}})
    server.advance(15)
    assert call("POST", url, {"inputs": "made"}).body["made"] == 3


def test_a_handler_that_cannot_be_made_says_why(call: Call, deploy: Callable[..., str]) -> None:
    """On each call, for it may have been mended."""
    answered = call("POST", deploy(repository="acme/broken", image=CUSTOM), {"inputs": "x"})
    assert answered[::2] == (500, {"error": "the handler broken.py cannot be made: no weights"})


def test_a_handler_that_is_not_there_stops_the_server_at_once(tmp_path: Path) -> None:
    """From Python and on the command line."""
    with (
        pytest.raises(SetupError, match=r"no handler for acme/x: .* is not a file"),
        running(options=Options(handlers={"acme/x": tmp_path / "none.py"})),
    ):
        pass
    for text, told in {"acme/x": "write REPOSITORY=FILE", f"acme/x={tmp_path}/none.py": "is not a file"}.items():
        answered = CliRunner().invoke(serve, ["--handler", text])
        assert answered.exit_code == 1
        assert told in answered.output
