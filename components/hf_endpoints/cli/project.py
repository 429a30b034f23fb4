"""The Pulumi project around the working directory: its name and its stack files, edited without losing a comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from hf_endpoints.errors import DeclarationError

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder, its name, and the folder of its stack files."""

    folder: Path
    name: str
    stacks: Path

    @classmethod
    def around(cls, here: Path) -> Project:
        """The project that ``here`` lies in. Raises `DeclarationError` outside of one."""
        for folder in (here, *here.parents):
            for file in (folder / name for name in _PROJECT_FILES):
                if file.is_file():
                    settings = yaml.safe_load(file.read_text())
                    return cls(folder, settings["name"], folder / (settings.get("stackConfigDir") or "."))
        message = f"{here} is in no Pulumi project: there is no {_PROJECT_FILES[0]} in it or above it"
        raise DeclarationError(message)

    def stack_file(self, stack: str) -> StackFile:
        """The configuration of that stack, which need not exist yet."""
        return StackFile(self.stacks / f"Pulumi.{stack.rpartition('/')[2]}.yaml")


@dataclass(frozen=True, slots=True)
class StackFile:
    """One stack's configuration."""

    path: Path

    def namespace(self) -> str | None:
        """Its ``hf-endpoints:namespace``."""
        value = (self._content().get("config") or {}).get("hf-endpoints:namespace")
        return None if value is None else str(value)

    def settings(self, keys: Iterable[str]) -> dict[str, str]:
        """Those of its settings that stand there as text."""
        config = self._content().get("config") or {}
        return {key: str(config[key]) for key in keys if isinstance(config.get(key), str)}

    def declared(self) -> Mapping[str, Any]:
        """Its endpoints, by logical name."""
        endpoints = (self._content().get("config") or {}).get("hf-endpoints:endpoints") or {}
        return dict(endpoints)

    def add(self, namespace: str, endpoints: Iterator[tuple[str, Mapping[str, Any]]]) -> None:
        """Add endpoints (and the namespace where there is none); everything else stays as it is written."""
        content = self._content()
        config = content.setdefault("config", {})
        config.setdefault("hf-endpoints:namespace", namespace)
        declared = config.setdefault("hf-endpoints:endpoints", {})
        for name, declaration in endpoints:
            declared[name] = dict(declaration)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("w") as file:
            _round_trip().dump(content, file)

    def _content(self) -> Any:  # noqa: ANN401  ruamel's own map, which keeps comments
        if not self.path.is_file():
            return {}
        return _round_trip().load(self.path.read_text()) or {}


def _round_trip() -> YAML:
    """A reader and writer that keeps comments, order and quotes."""
    rules = YAML(typ="rt")
    rules.preserve_quotes = True
    rules.width = 4096  # no folding of long lines
    rules.indent(mapping=2, sequence=4, offset=2)
    return rules
