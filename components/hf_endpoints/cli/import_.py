"""``hf-endpoints import``: bring endpoints that exist under the management of a stack, without touching them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from pulumi.dynamic.dynamic import serialize_provider

from hf_endpoints.cli.context import hub
from hf_endpoints.cli.output import Output
from hf_endpoints.cli.project import Project, write_together
from hf_endpoints.core.importing import Adopted, adopted, import_file
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import DeclarationError, NotFound
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import API_URL_KEY, HUB_URL_KEY
from hf_endpoints.provider import EndpointProvider

_STACK: Final = re.compile(r"(?:[\w.-]+/){0,2}[\w.-]+", re.ASCII)
"""Its name, before which organisation and project may stand."""


@click.command("import")
@click.argument("names", nargs=-1)
@click.option("--stack", "-s", required=True, help="Stack that will manage them.")
@click.option("--namespace", "-n", help="User or organisation; the stack's own when it has one.")
@click.option(
    "--file", "target", type=click.Path(path_type=Path), help="Import file to write [default: import-STACK.json]."
)
@click.pass_obj
def import_(out: Output, names: tuple[str, ...], stack: str, namespace: str | None, target: Path | None) -> None:
    """Write the stack file's entries and the import file for endpoints NAMES (all that no stack owns, without names).

    Nothing is changed in the namespace or in the stack's state; the two commands that do are printed.
    """
    if not _STACK.fullmatch(stack):
        message = f"{stack!r} is no name of a stack: give --stack NAME, as 'pulumi stack ls' shows it"
        raise DeclarationError(message)
    project = Project.around(Path.cwd())
    stack_file = project.stack_file(stack)
    namespace = namespace or stack_file.namespace()
    if not namespace:
        message = f"no namespace: give --namespace, or hf-endpoints:namespace in {stack_file.path.name}"
        raise DeclarationError(message)
    prefix = f"{project.name}/{stack.rpartition('/')[2]}"
    target = target or Path(f"import-{stack.rpartition('/')[2]}.json")
    engines = f"pulumi import --file {target} --stack {stack} --yes --protect=false --generate-code=false"
    next_step = f"import it with '{engines}', or take" if target.is_file() else "to have it written anew, take"
    chosen = _chosen(hub(stack_file), namespace, names, stack_file.declared(), next_step)
    endpoints, left_out = _adopted(chosen, namespace, prefix, named=bool(names))
    for problem in left_out:
        out.note(f"left out: {problem}")
    if not endpoints:
        other = " other" if left_out else ""
        nothing = f"every{other} endpoint of namespace {namespace!r} is in this stack file or in a stack"
        out.say(f"nothing to import: {nothing}", {"imported": [], "left_out": left_out, "commands": []})
        return
    if target.exists():
        message = (
            f"{target} is there already, and its endpoints may not be imported yet: run '{engines}' and delete it, "
            "or give another with --file; nothing was written"
        )
        raise DeclarationError(message)
    settings = stack_file.settings((API_URL_KEY, HUB_URL_KEY))
    content = import_file(endpoints, serialize_provider(EndpointProvider()), settings)
    entries = ((endpoint.logical_name, endpoint.declaration) for endpoint in endpoints)
    edited = stack_file.with_endpoints(namespace, entries)
    write_together(target, json.dumps(content, indent=2) + "\n", stack_file.path, edited)
    commands = [engines, f"pulumi preview --stack {stack}"]
    text = [
        f"{len(endpoints)} endpoints added to {stack_file.path.name} and {target}; secrets cannot be read back:",
        "add 'model.secrets' and registry credentials by hand where an endpoint has them. Now run:",
        *(f"  {command}" for command in commands),
    ]
    files = {"stack_file": str(stack_file.path), "import_file": str(target)}
    imported = [endpoint.logical_name for endpoint in endpoints]
    out.say("\n".join(text), {"imported": imported, "left_out": left_out, **files, "commands": commands})


def _adopted(chosen: list[Observation], namespace: str, prefix: str, *, named: bool) -> tuple[list[Adopted], list[str]]:
    """What to write, and a line for each endpoint that cannot be declared, which raises for one that was asked for."""
    endpoints: list[Adopted] = []
    left_out: list[str] = []
    for found in chosen:
        try:
            endpoints.append(adopted(found, namespace, prefix, secrets.token_hex(8)))
        except DeclarationError as error:
            if named:
                raise
            left_out += error.problems
    return endpoints, left_out


def _chosen(
    client: HubClient, namespace: str, names: tuple[str, ...], declared: Mapping[str, Any], next_step: str
) -> list[Observation]:
    """The endpoints to import. Raises for a name that there is not, that a stack owns, or that is declared here."""
    there = {found.name: found for found in client.endpoints(namespace)}
    managed = {entry.get("name") for entry in declared.values() if isinstance(entry, Mapping)}
    for name in names:
        if name not in there:
            known = ", ".join(sorted(there)) or "none"
            message = f"there is no endpoint {name!r} in namespace {namespace!r}: there is {known}"
            raise NotFound(message)
        if owner := there[name].ownership.owner:
            message = f"endpoint {name!r} belongs to stack entry {owner!r} already"
            raise DeclarationError(message)
        if name in managed:
            message = f"endpoint {name!r} is in the stack file already: {next_step} its entry out there"
            raise DeclarationError(message)
    free = [found for found in there.values() if not found.ownership.owner and found.name not in managed]
    chosen = [found for found in free if not names or found.name in names]
    for found in chosen:
        if found.name in declared:
            message = (
                f"endpoint {found.name!r} cannot be imported: the stack file calls another one so; "
                "rename that one there (with its old name under options.aliases), or import the others by name"
            )
            raise DeclarationError(message)
    return chosen
