"""``hf-endpoints outdated``: which endpoints run a commit that their branch on the Hub has left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from hf_endpoints.cli.context import hub, namespace_option, required
from hf_endpoints.cli.output import Output, table
from hf_endpoints.cli.project import Project
from hf_endpoints.core.naming import owner_in_stack
from hf_endpoints.core.outdated import Behind, Followed, followed
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import DeclarationError
from hf_endpoints.hub.client import HubClient

_HEAD: Final = ("endpoint", "model", "branch", "commit", "head", "behind")
_SHOWN: Final = 12
"""Digits of a commit that are shown to people."""


@click.command()
@click.option("--stack", "-s", help="Only endpoints of this stack, in its namespace.")
@namespace_option
@click.pass_obj
def outdated(out: Output, stack: str | None, namespace: str | None) -> None:
    """List endpoints whose commit is behind the head of their branch, with the number of commits between.

    The branch is the one that the stack file declares. An endpoint that it does not declare, or declares with a commit,
    is held against the default branch.
    """
    project = _project(stack)
    nowhere: DeclarationError | None = None
    if stack is not None and project is not None:
        namespace = project.stack_file(stack).namespace() or namespace
        nowhere = _unknown(project, stack)
    if nowhere is not None and namespace is None:
        raise nowhere
    client = hub(project.stack_file(stack) if stack is not None and project is not None else None)
    there = [found for found in client.endpoints(required(namespace)) if _is_of(found, project, stack)]
    if nowhere is not None and not there:
        raise nowhere
    behind: list[Behind] = []
    unknown: dict[str, str] = {}
    for found in there:
        one = followed(found, _declared(found, project))
        if one is None:
            unknown[found.name] = "the API shows no commit of it"
            continue
        try:
            behind.extend(_behind(client, one))
        except DeclarationError as error:
            unknown[found.name] = str(error)
    counts = {"at_head": len(there) - len(behind) - len(unknown)}
    data = {"endpoints": [_described(one) for one in behind], "unknown": unknown, **counts}
    out.say("\n".join(_lines(behind, unknown, counts["at_head"])), {"namespace": namespace, **data})


def _project(stack: str | None) -> Project | None:
    """The project around the working directory; it may be missing where no stack is asked for."""
    try:
        return Project.around(Path.cwd())
    except DeclarationError:
        if stack is not None:
            raise
        return None


def _unknown(project: Project, stack: str) -> DeclarationError | None:
    """What is wrong with a stack that has no file, if it has no endpoint either: a program may do without a file."""
    file = project.stack_file(stack).path
    if file.is_file():
        return None
    names = sorted(
        path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in file.parent.glob("Pulumi.*.yaml")
    )
    missing = f"it has no file {file.name} and no endpoint"
    return DeclarationError(f"there is no stack {stack!r}: {missing}; there is {', '.join(names) or 'none'}")


def _is_of(found: Observation, project: Project | None, stack: str | None) -> bool:
    if stack is None or project is None:
        return True
    return (found.ownership.owner or "").startswith(f"{project.name}/{stack.rpartition('/')[2]}/")


def _declared(found: Observation, project: Project | None) -> Mapping[str, Any] | None:
    """The declaration in the project's stack files of the endpoint that one of its stacks owns."""
    if project is None or found.ownership.owner is None:
        return None
    name, stack = [*found.ownership.owner.split("/", 2), ""][:2]
    if name != project.name:
        return None
    for logical, declared in project.stack_file(stack).declared().items():
        if owner_in_stack(name, stack, str(logical)) == found.ownership.owner and isinstance(declared, Mapping):
            return declared
    return None


def _behind(client: HubClient, one: Followed) -> Iterator[Behind]:
    """The endpoint, if its branch has moved on."""
    head = client.model(one.repository, one.branch).commit
    if head != one.commit:
        since = client.commits_since(one.repository, one.branch, one.commit)
        yield Behind(one, head, None if since is None else len(since))


def _described(one: Behind) -> dict[str, Any]:
    return {**asdict(one.followed), "head": one.head, "behind": one.commits}


def _lines(behind: list[Behind], unknown: Mapping[str, str], at_head: int) -> Iterator[str]:
    if behind:
        yield table(_HEAD, map(_cells, behind))
    yield from (f"{name}: not known: {why}" for name, why in unknown.items())
    yield f"{at_head} of {at_head + len(behind) + len(unknown)} endpoints are at the head of their branch"


def _cells(one: Behind) -> tuple[str, ...]:
    is_of = one.followed
    distance = "not in its history" if one.commits is None else f"{one.commits} commit{'s' * (one.commits != 1)}"
    return is_of.name, is_of.repository, is_of.branch, is_of.commit[:_SHOWN], one.head[:_SHOWN], distance
