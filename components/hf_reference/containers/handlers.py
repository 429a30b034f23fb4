"""Handlers that users name for a repository: the toolkit's ``EndpointHandler`` protocol.

A handler is a file with a class ``EndpointHandler``: made once for each deployment with the path of the model's folder
(here the file's own), called with the parsed body, and free to answer with JSON, bytes or a Pillow image
(documentation, custom handler; ``check_and_register_custom_pipeline_from_directory`` of the toolkit).

It is the user's own code and runs inside of the server's process, with all that this process may do.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from hf_reference.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hf_reference.endpoint import Endpoint

Handler: TypeAlias = "Callable[[dict[str, Any]], Any]"


class HandlerError(Exception):
    """A handler could not be made; in the service its endpoint would fail to start."""


class Handlers:
    """The files by repository, and what was made of them by endpoint."""

    def __init__(self, files: Mapping[str, Path] | None = None) -> None:
        """Look whether the files are there; they are not run yet.

        :raises SetupError: one is not.
        """
        self._files = {repository: path.absolute() for repository, path in (files or {}).items()}
        self._made: dict[str, tuple[object, Handler]] = {}
        self._lock = threading.Lock()
        for repository, path in self._files.items():
            if not path.is_file():
                message = f"no handler for {repository}: {path} is not a file"
                raise SetupError(message)

    def __contains__(self, repository: str) -> bool:
        """Whether there is a handler for a repository."""
        return repository in self._files

    def of(self, endpoint: Endpoint) -> Handler:
        """Give an endpoint's handler, made anew for each deployment; blocks while it is made.

        :raises HandlerError: it cannot be made.
        """
        declared = endpoint.declaration.model
        deployment = endpoint.past[-1].serving if endpoint.past else None, declared
        with self._lock:
            made = self._made.get(endpoint.label)
            if made is None or made[0] != deployment:
                made = deployment, _make(self._files[declared.repository])
                self._made[endpoint.label] = made
            return made[1]


def _make(path: Path) -> Handler:
    # The toolkit does the same, so that a handler can import what lies beside it.
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location("handler", path)
        if spec is None or spec.loader is None:
            message = f"{path} is no Python file"
            raise HandlerError(message)  # noqa: TRY301 - one way out for all
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        handler: Handler = module.EndpointHandler(str(path.parent))
    except HandlerError:
        raise
    except Exception as failure:
        message = f"the handler {path.name} cannot be made: {failure}"
        raise HandlerError(message) from failure
    return handler
