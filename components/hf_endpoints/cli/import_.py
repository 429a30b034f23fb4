"""``hf-endpoints import``: bring endpoints that exist under the management of a stack, without touching them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from pulumi.dynamic.dynamic import serialize_provider

from hf_endpoints.cli.context import hub
from hf_endpoints.cli.output import Output
from hf_endpoints.cli.project import Project
from hf_endpoints.core.importing import Adopted, adopted, import_file
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import DeclarationError, NotFound
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import API_URL_KEY, HUB_URL_KEY
from hf_endpoints.provider import EndpointProvider


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
    project = Project.around(Path.cwd())
    stack_file = project.stack_file(stack)
    namespace = namespace or stack_file.namespace()
    if not namespace:
        message = f"no namespace: give --namespace, or hf-endpoints:namespace in {stack_file.path.name}"
        raise DeclarationError(message)
    prefix = f"{project.name}/{stack.rpartition('/')[2]}"
    chosen = _chosen(hub(), namespace, names, stack_file.declared())
    endpoints, left_out = _adopted(chosen, namespace, prefix, named=bool(names))
    for problem in left_out:
        out.note(f"left out: {problem}")
    if not endpoints:
        other = " other" if left_out else ""
        nothing = f"every{other} endpoint of namespace {namespace!r} is in this stack file or in a stack"
        out.say(f"nothing to import: {nothing}", {"imported": [], "left_out": left_out, "commands": []})
        return
    target = target or Path(f"import-{stack.rpartition('/')[2]}.json")
    settings = stack_file.settings((API_URL_KEY, HUB_URL_KEY))
    content = import_file(endpoints, serialize_provider(EndpointProvider()), settings)
    target.write_text(json.dumps(content, indent=2) + "\n")
    stack_file.add(namespace, ((endpoint.logical_name, endpoint.declaration) for endpoint in endpoints))
    commands = [
        f"pulumi import --file {target} --stack {stack} --yes --protect=false --generate-code=false",
        f"pulumi preview --stack {stack}",
    ]
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
    client: HubClient, namespace: str, names: tuple[str, ...], declared: Mapping[str, Any]
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
            message = f"endpoint {name!r} is in the stack file already"
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
