"""The command group. Each command is a thin skin: parse, ask, print; errors end it with one line and exit code 1."""

from __future__ import annotations

import click

from hf_endpoints.cli.generate import generate
from hf_endpoints.cli.import_ import import_
from hf_endpoints.cli.logs import logs
from hf_endpoints.cli.moment import pause, scale_to_zero, wake
from hf_endpoints.errors import HfEndpointsError

try:  # the reference server is an optional extra: its web framework is not needed to deploy
    from hf_reference.control import serve
except ImportError:  # pragma: no cover  an installation without the extra

    @click.command()
    def serve() -> None:
        """Serve the reference server (needs the extra: pip install 'pulumi-hf-endpoints[reference]')."""
        message = "the reference server is not installed: pip install 'pulumi-hf-endpoints[reference]'"
        raise click.ClickException(message)


class _OneLineErrors(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except HfEndpointsError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-hf-endpoints")
def main() -> None:
    """Hugging Face Inference Endpoints as code."""


for command in (generate, import_, logs, pause, scale_to_zero, serve, wake):
    main.add_command(command)
