"""What a command says: lines for people or, with ``--json``, JSON documents, one to a line.

The group gives every command the option and hands it an `Output` (``@click.pass_obj``); a command prints by
`Output.say` alone, with the same content in both forms. An error is a line on the error stream, with ``--json`` as
``{"error": …}``.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click


@dataclass(slots=True)
class Output:
    """Where a command's answer goes; ``as_json`` is set before the command runs."""

    as_json: bool = False

    def say(self, text: str, data: Any) -> None:  # noqa: ANN401  any JSON value
        """Print one answer: the text, or the data as one line of JSON."""
        click.echo(json.dumps(data, ensure_ascii=False) if self.as_json else text)

    def note(self, message: str) -> None:
        """Print a line beside the answer, on the error stream; with ``--json`` the data has to say the same."""
        if not self.as_json:
            click.echo(message, err=True)

    def fail(self, message: str) -> None:
        """Print why the command ends without its answer."""
        click.echo(
            json.dumps({"error": message}, ensure_ascii=False) if self.as_json else f"Error: {message}", err=True
        )


def with_json(command: click.Command) -> click.Command:
    """The command with ``--json``, which it does not see itself."""
    option = click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        is_eager=True,  # an error in another option is told in its form too
        callback=_choose,
        help="Print JSON, one document to a line.",
    )
    command = copy.copy(command)
    command.params = [*command.params, option]
    return command


def _choose(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's signature
    output = context.find_object(Output)
    if output is not None:
        output.as_json = value


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Rows below a head in columns two spaces apart; ``right`` names the columns that are set flush right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    flush = set(right)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number in flush else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
