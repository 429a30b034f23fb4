"""The command line, ``hf-endpoints``."""

from hf_endpoints.cli.main import main

__all__ = ["main"]
