"""The command group. Each command is a thin skin: parse, ask, print; errors end it with one line and exit code 1.

A command's module is imported when the command is looked up, so that ``serve`` does not wait for Pulumi's SDK.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Final

import click

from hf_endpoints.cli.output import Output, with_json
from hf_endpoints.errors import HfEndpointsError

_SERVE: Final = "serve"
_COMMANDS: Final = {
    "comment": "hf_endpoints.cli.forge:comment",
    "drift": "hf_endpoints.cli.drift:drift",
    "generate": "hf_endpoints.cli.generate:generate",
    "hardware": "hf_endpoints.cli.hardware:hardware",
    "import": "hf_endpoints.cli.import_:import_",
    "issue": "hf_endpoints.cli.forge:issue",
    "logs": "hf_endpoints.cli.logs:logs",
    "outdated": "hf_endpoints.cli.outdated:outdated",
    "pause": "hf_endpoints.cli.moment:pause",
    "report": "hf_endpoints.cli.report:report",
    "scale-to-zero": "hf_endpoints.cli.moment:scale_to_zero",
    "replay": "hf_reference.control:replay",
    "recommend": "hf_endpoints.cli.recommend:recommend",
    _SERVE: "hf_reference.control:serve",
    "wake": "hf_endpoints.cli.moment:wake",
}


@click.command(_SERVE)
def _not_installed() -> None:
    """Serve the reference server (needs the extra: pip install 'pulumi-hf-endpoints[reference]')."""
    message = "the reference server is not installed: pip install 'pulumi-hf-endpoints[reference]'"
    raise click.ClickException(message)


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        module, _, name = _COMMANDS.get(cmd_name, "").partition(":")
        if not module:
            return None
        try:
            command: click.Command = getattr(import_module(module), name)
        except ImportError:
            if not module.startswith("hf_reference"):
                raise
            command = _not_installed  # the reference server's packages are an optional extra, not needed to deploy
        # It tells each repeat of a call beside our one line; after its import, which sets the level anew.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        return with_json(command)

    def invoke(self, ctx: click.Context) -> None:
        out = ctx.ensure_object(Output)
        try:
            super().invoke(ctx)
        except HfEndpointsError as error:
            out.fail(str(error))
        except click.UsageError:
            raise
        except click.ClickException as error:
            out.fail(error.format_message())
        else:
            return
        ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-hf-endpoints")
def main() -> None:
    """Hugging Face Inference Endpoints as code."""
