"""The commands ``serve`` and ``replay``; the project's command line mounts them."""

from __future__ import annotations

import logging
import math
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import click

from hf_reference.call_log import Format, listen
from hf_reference.choices import parse_choices
from hf_reference.clock import Clock, Real, Scaled, Virtual
from hf_reference.containers.call import ContainerOptions
from hf_reference.errors import SetupError, StoreError
from hf_reference.server import DEFAULT_DELETION_S, DEFAULT_PROVISIONING_S, Options
from hf_reference.server import serve as serve_until_stopped
from hf_reference.text.limits import DEFAULT_NEW_TOKENS, MAX_NEW_TOKENS

_LOG = logging.getLogger(__name__)


class Output(Protocol):
    """What the command line that mounts the commands prints with: a text, or data that say the same."""

    def say(self, text: str, data: Any) -> None:  # noqa: ANN401  any JSON value
        """Print one answer."""


_FILE = click.Path(path_type=Path, dir_okay=False)


class _FiniteRange(click.FloatRange):
    """A number in a range; Python would also read ``inf`` and ``nan`` as one, and time would stand still."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click has it
        """Read it."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number.", param, ctx)
        return number


_SECONDS = _FiniteRange(min=0)


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; anything but loopback must be said here.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 takes any free one.")
@click.option(
    "--clock",
    "kind",
    type=click.Choice(["real", "virtual"]),
    default="real",
    show_default=True,
    help="A virtual clock moves only by POST /_test/clock.",
)
@click.option(
    "--speed",
    type=_FiniteRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Model seconds per real second.",
)
@click.option(
    "--provisioning",
    type=_SECONDS,
    default=DEFAULT_PROVISIONING_S,
    show_default=True,
    help="Model seconds until an endpoint is running.",
)
@click.option(
    "--deletion",
    type=_SECONDS,
    default=DEFAULT_DELETION_S,
    show_default=True,
    help="Model seconds during which a deleted endpoint can still be seen.",
)
@click.option(
    "--latency",
    type=_SECONDS,
    default=0.0,
    show_default=True,
    help="Real seconds added to each answer of the control plane.",
)
@click.option(
    "--service-name",
    type=_SECONDS,
    help="Model seconds from create to a private endpoint's service name. Default: half of the provisioning time.",
)
@click.option("--aws-endpoint-url", help="AWS as an emulator serves it; VPC endpoints there connect private endpoints.")
@click.option(
    "--aws-interval",
    type=_SECONDS,
    default=0.25,
    show_default=True,
    help="Real seconds between two looks there.",
)
@click.option(
    "--inside-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port of the listener that stands for the inside of the VPC; 0 takes any free one.",
)
@click.option("--state", type=_FILE, help="File that keeps endpoints and model time across restarts.")
@click.option(
    "--tokens",
    type=_FILE,
    help="JSON or YAML: token -> {user, permissions, namespaces}. Without it any hf_ token may do everything.",
)
@click.option(
    "--log-search/--no-log-search",
    default=True,
    show_default=True,
    help="Whether this deployment can search logs; without, the v3 routes answer 501.",
)
@click.option(
    "--choice",
    "chosen",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another reading of what nobody published, such as put_on_paused=starts; may be given more than once.",
)
@click.option(
    "--handler",
    "handlers",
    multiple=True,
    metavar="REPOSITORY=FILE",
    help="A Python file with an EndpointHandler that serves this repository, inside of this process; repeatable.",
)
@click.option("--faults", type=_FILE, help="JSON or YAML: a list of faults, each as POST /_test/faults takes it.")
@click.option("--journal", type=_FILE, help="File to write the journal to as it happens, as JSON lines.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the lines on the error stream, one per call.",
)
@click.option("--quiet", is_flag=True, help="Only warnings and errors on the error stream.")
@click.option(
    "--default-new-tokens",
    type=click.IntRange(min=1),
    default=DEFAULT_NEW_TOKENS,
    show_default=True,
    help="Tokens that a text generation writes when it does not say how many.",
)
@click.option(
    "--max-new-tokens",
    type=click.IntRange(min=1),
    default=MAX_NEW_TOKENS,
    show_default=True,
    help="Tokens that a text generation may ask for.",
)
@click.option(
    "--model-names/--any-model-name",
    "check_model_name",
    default=True,
    show_default=True,
    help="Whether vLLM answers 404 to another model's name.",
)
@click.option(
    "--token-time",
    type=_SECONDS,
    default=0.0,
    show_default=True,
    help="Real seconds between two tokens of a stream.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Where identifiers come from.")
@click.pass_obj
def serve(  # noqa: PLR0913 - one argument per option
    out: Output | None,
    *,
    host: str,
    port: int,
    kind: str,
    speed: float,
    provisioning: float,
    deletion: float,
    latency: float,
    service_name: float | None,
    aws_endpoint_url: str | None,
    aws_interval: float,
    inside_port: int,
    state: Path | None,
    tokens: Path | None,
    log_search: bool,
    chosen: tuple[str, ...],
    handlers: tuple[str, ...],
    faults: Path | None,
    journal: Path | None,
    log_format: Format,
    quiet: bool,
    default_new_tokens: int,
    max_new_tokens: int,
    check_model_name: bool,
    token_time: float,
    seed: int,
) -> None:
    """Run the reference server: the Inference Endpoints API on this machine, without an account and without a bill.

    The first line printed is the base URL; from then on connections are accepted. With --aws-endpoint-url a second
    line gives the base URL of private endpoints.
    """
    try:
        options = Options(
            seed=seed,
            provisioning_s=provisioning,
            deletion_s=deletion,
            latency_s=latency,
            service_name_s=service_name,
            aws_endpoint_url=aws_endpoint_url,
            aws_interval_s=aws_interval,
            inside_port=inside_port,
            state=state,
            tokens=tokens,
            log_search=log_search,
            choices=parse_choices(chosen),
            handlers=dict(_handler(text) for text in handlers),
            faults=faults,
            journal=journal,
            containers=ContainerOptions(default_new_tokens, max_new_tokens, check_model_name, token_time),
        )
        listen(log_format, quiet=quiet)
        _check_host(host, guarded=tokens is not None)
        serve_until_stopped(host, port, _clock(kind, speed), options, partial(_announce, out))
    except (SetupError, StoreError) as error:
        raise click.ClickException(str(error)) from error


def _handler(text: str) -> tuple[str, Path]:
    repository, _, file = text.partition("=")
    if not repository or not file:
        message = f"--handler {text}: write REPOSITORY=FILE, such as acme/my-model=handler.py"
        raise SetupError(message)
    return repository, Path(file)


@click.command()
@click.argument("journal", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.pass_obj
def replay(out: Output | None, journal: Path) -> None:
    """Send the calls of a JOURNAL (JSON lines) to a fresh reference server, and compare what it answers.

    Prints one line per call that came out differently, and ends with code 1 if there is one.
    """
    from hf_reference.replay import replay as replayed  # noqa: PLC0415 - an HTTP client, which serve never needs

    try:
        with journal.open(encoding="utf-8") as lines:
            report = replayed(lines)
    except (SetupError, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    left_out = (
        f", {len(report.not_compared)} not compared (body not kept, or client gone)" if report.not_compared else ""
    )
    summary = f"{report.calls} calls, {len(report.differences)} came out differently{left_out}"
    differences = [str(difference) for difference in report.differences]
    counts = {"calls": report.calls, "not_compared": len(report.not_compared)}
    _say(out, "\n".join([*differences, summary]), {**counts, "differences": differences})
    if report.differences:
        raise click.exceptions.Exit(1)


def _check_host(host: str, *, guarded: bool) -> None:
    """Warn where others can reach the server; the default is loopback, and nothing but ``--host`` changes it.

    :raises SetupError: the host is empty, which a socket would read as every address of the machine.
    """
    if not host:
        message = "--host is empty: leave it out for loopback, or say 0.0.0.0 for every address of this machine"
        raise SetupError(message)
    if host == "localhost" or host.startswith("127.") or host == "::1":
        return
    who = "the tokens of --tokens" if guarded else "any token that starts with hf_, for no --tokens are given"
    _LOG.warning("listening on %s, where others may reach it: it takes %s; /_test takes none", host, who)


def _announce(out: Output | None, base_url: str, inside_url: str | None) -> None:
    lines = [base_url] if inside_url is None else [base_url, f"inside the VPC: {inside_url}"]
    _say(out, "\n".join(lines), {"base_url": base_url, "inside_url": inside_url})


def _say(out: Output | None, text: str, data: Any) -> None:  # noqa: ANN401  any JSON value
    if out is None:
        click.echo(text)  # echo flushes
    else:
        out.say(text, data)


def _clock(kind: str, speed: float) -> Clock:
    if kind == "virtual":
        if speed != 1.0:
            message = "a virtual clock has no speed: give --clock virtual or --speed, not both"
            raise SetupError(message)
        return Virtual()
    return Real() if speed == 1.0 else Scaled(speed)
