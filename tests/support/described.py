"""Answers held against the server's own OpenAPI document."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker


class Description:
    """An OpenAPI document, and which of its answers were seen."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, int]] = set()
        self._templates = [
            (
                re.compile(re.sub(r"\\\{(\w+)\\\}", lambda m: ".+" if m[1] == "graph" else "[^/]+", re.escape(path))),
                path,
            )
            for path in document["paths"]
        ]
        self._validator = cache(self._make_validator)

    def hold(self, method: str, path: str, status: int, headers: dict[str, str], body: Any) -> None:
        """Hold one answer to what the document says of its operation; what is no operation is let through."""
        operations = [
            self.document["paths"][template].get(method.lower())
            for pattern, template in self._templates
            if pattern.fullmatch(path.partition("?")[0])
        ]
        operation = next((found for found in operations if found is not None), None)
        if operation is None:
            return
        described = operation["responses"].get(str(status))
        assert described is not None, f"{method} {path} gives {status}, which is not described"
        self.seen.add((operation["operationId"], status))
        ((content, answer),) = described["content"].items()
        assert headers["content-type"].partition(";")[0] == content
        assert re.fullmatch(described["headers"]["X-Request-Id"]["schema"]["pattern"], headers["x-request-id"])
        reference = answer["schema"].get("$ref", "")
        errors = [e.message for e in self._validator(reference).iter_errors(body)] if reference else []
        assert not errors, f"{method} {path}: {errors}"

    def _make_validator(self, reference: str) -> Draft202012Validator:
        schema = {"$ref": reference, "components": self.document["components"]}
        return Draft202012Validator(schema, format_checker=FormatChecker())
