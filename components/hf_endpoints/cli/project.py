"""The Pulumi project around the working directory: its name and its stack files, edited without losing a comment."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from hf_endpoints.errors import DeclarationError

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
_ENDPOINTS = "hf-endpoints:endpoints"


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder, its name, and the folder of its stack files."""

    folder: Path
    name: str
    stacks: Path

    @classmethod
    def around(cls, here: Path) -> Project:
        """The project that ``here`` lies in. Raises `DeclarationError` outside of one, and where its file is broken."""
        for folder in (here, *here.parents):
            for file in (folder / name for name in _PROJECT_FILES):
                if file.is_file():
                    settings = _content(file)
                    name, stacks = settings.get("name"), settings.get("stackConfigDir") or "."
                    if not isinstance(name, str) or not name:
                        message = f"{file}: has no 'name': write the project's there, as in 'name: endpoints'"
                        raise DeclarationError(message)
                    return cls(folder, name, folder / str(stacks))
        message = f"{here} is in no Pulumi project: there is no {_PROJECT_FILES[0]} in it or above it"
        raise DeclarationError(message)

    def stack_file(self, stack: str) -> StackFile:
        """The configuration of that stack, which need not exist yet."""
        return StackFile(self.stacks / f"Pulumi.{stack.rpartition('/')[2]}.yaml")


@dataclass(frozen=True, slots=True)
class StackFile:
    """One stack's configuration. Every method raises `DeclarationError` where the file is broken, with the line."""

    path: Path

    def namespace(self) -> str | None:
        """Its ``hf-endpoints:namespace``."""
        value = self._config(self._content()).get("hf-endpoints:namespace")
        return None if value is None else str(value)

    def settings(self, keys: Iterable[str]) -> dict[str, str]:
        """Those of its settings that stand there as text."""
        config = self._config(self._content())
        return {key: str(config[key]) for key in keys if isinstance(config.get(key), str)}

    def declared(self) -> Mapping[str, Any]:
        """Its endpoints, by logical name."""
        return dict(self._map(self._config(self._content()), _ENDPOINTS))

    def with_endpoints(self, namespace: str, endpoints: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
        """Its text with these endpoints (and the namespace where there is none); the rest stays as it is written."""
        content = self._content()
        config = self._config(content)
        if not content.get("config"):
            content["config"] = config
        config.setdefault("hf-endpoints:namespace", namespace)
        declared = self._map(config, _ENDPOINTS)
        if not config.get(_ENDPOINTS):
            config[_ENDPOINTS] = declared
        for name, declaration in endpoints:
            declared[name] = dict(declaration)
        text = StringIO()
        _round_trip().dump(content, text)
        return text.getvalue()

    def _content(self) -> Any:  # noqa: ANN401  ruamel's own map, which keeps comments
        return _content(self.path) if self.path.is_file() else {}

    def _config(self, content: Any) -> Any:  # noqa: ANN401  as above
        return self._map(content, "config")

    def _map(self, above: Any, key: str) -> Any:  # noqa: ANN401  as above
        """The map under a key; an empty one where there is nothing."""
        value = above.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            message = f"{self.path}, line {above.lc.key(key)[0] + 1}: {key!r} is {_kind(value)} in the place of a map"
            raise DeclarationError(message)
        return value


def write_together(new: Path, new_text: str, old: Path, old_text: str) -> None:
    """Write a file that there is not yet, and another text of one that may be there: both, or none of them.

    Raises `DeclarationError` in one line; also where ``new`` is there already, which is left as it is.
    """
    old = old.resolve()  # a link stays one
    beside = old.with_name(f".{old.name}.new")
    made: list[Path] = []
    writing = old
    try:
        old.parent.mkdir(parents=True, exist_ok=True)
        made.append(beside)
        beside.write_text(old_text, encoding="utf-8")
        if old.exists():
            shutil.copymode(old, beside)
        writing = new
        with new.open("x", encoding="utf-8") as file:
            made.append(new)
            file.write(new_text)
        writing = old
        beside.replace(old)
    except OSError as failure:
        for file_ in made:
            with suppress(OSError):
                file_.unlink()
        message = f"cannot write {writing}: {failure.strerror}: nothing was written"
        raise DeclarationError(message) from failure


def _content(file: Path) -> Any:  # noqa: ANN401  ruamel's own map, which keeps comments
    """The map that a file holds, empty where it holds nothing. Raises `DeclarationError` with the line."""
    try:
        content = _round_trip().load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as failure:
        line = failure.object.count(b"\n", 0, failure.start) + 1
        message = f"{file}, line {line}: is no text in UTF-8: save it as such"
        raise DeclarationError(message) from failure
    except OSError as failure:
        message = f"cannot read {file}: {failure.strerror}"
        raise DeclarationError(message) from failure
    except MarkedYAMLError as failure:
        where = f", line {failure.problem_mark.line + 1}" if failure.problem_mark else ""
        message = f"{file}{where}: is no YAML: {_first_line(failure.problem or failure.context)}"
        raise DeclarationError(message) from failure
    except (YAMLError, RecursionError, ValueError) as failure:
        message = f"{file}: is no YAML: {_first_line(failure)}"
        raise DeclarationError(message) from failure
    if content is None:
        return {}
    if not isinstance(content, dict):
        message = f"{file}: holds {_kind(content)} in the place of a map"
        raise DeclarationError(message)
    return content


def _first_line(text: object) -> str:
    return str(text).partition("\n")[0]


def _kind(value: Any) -> str:  # noqa: ANN401  whatever YAML holds
    return "a list" if isinstance(value, list) else f"{str(value)[:40]!r}"


def _round_trip() -> YAML:
    """A reader and writer that keeps comments, order and quotes."""
    rules = YAML(typ="rt")
    rules.preserve_quotes = True
    rules.width = 4096  # no folding of long lines
    rules.indent(mapping=2, sequence=4, offset=2)
    return rules
