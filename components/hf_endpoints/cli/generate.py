"""``hf-endpoints generate``: one generated text from an endpoint, over HTTP, as a caller would ask for it."""

from __future__ import annotations

import os
import time
from typing import Final

import click
import httpx2
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from hf_endpoints.cli.output import Output
from hf_endpoints.core import access
from hf_endpoints.core.answers import NOT_READ, not_read, text
from hf_endpoints.errors import ApiUnwell

_WAKING: Final = frozenset({502, 503})
"""What the service's proxy answers while an endpoint wakes (autoscaling guide; 502 in its pages before 2025)."""
_PAUSE_S: Final = 1.0


@click.command()
@click.argument("url")
@click.argument("prompt", default="Once upon a time,")
@click.option("--max-new-tokens", default=30, show_default=True, help="Longest answer, in tokens.")
@click.option("--wait", default=300.0, show_default=True, help="Seconds to wait for an endpoint that has to wake up.")
@click.pass_obj
def generate(out: Output, url: str, prompt: str, max_new_tokens: int, wait: float) -> None:
    """Print a text that the model at URL generates after PROMPT; the token is taken from HF_TOKEN."""
    url = access.base_url("URL", url)
    token = access.token("HF_TOKEN", os.environ.get("HF_TOKEN", "")) or None
    client = InferenceClient(model=url, token=token, timeout=60)
    deadline = time.monotonic() + wait
    while True:
        try:
            generated = {"text": client.text_generation(prompt, max_new_tokens=max_new_tokens)}
            said = text(generated, "text")
        except HfHubHTTPError as error:
            code = error.response.status_code
            if code in _WAKING and time.monotonic() < deadline:
                time.sleep(_PAUSE_S)
                continue
            message = f"cannot generate at {url}: the endpoint said {code}: {error.server_message or 'no reason given'}"
            raise ApiUnwell(message) from None
        except httpx2.TransportError as error:
            message = f"cannot generate at {url}: it cannot be reached ({type(error).__name__}); check the URL"
            raise ApiUnwell(message) from None
        except NOT_READ as failure:
            question = "is it the URL of an endpoint that generates text?"
            raise ApiUnwell(not_read(f"generate at {url}", url, failure, question)) from failure
        out.say(said, generated)
        return
