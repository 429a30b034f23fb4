"""`make up` and `make down`: a stack on the local reference server, from nothing to a generated text and back.

A stack with private endpoints gets an AWS as well, and shows that they answer inside the VPC and nowhere else.

`up` marks the stacks that it made, and `down` destroys those only: the same local state may hold stacks whose endpoints
live on the real service, and destroying one of them against the local server would succeed at once (nothing is there to
delete), forget it, and leave its endpoints running and billed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final

import yaml

from tools import aws, reference
from tools.background import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MARKS: Final = reference.RUN_FILES / "stacks"
_PROMPT: Final = "The capital of France is"
_NEW_TOKENS: Final = 16
_ANSWER_S: Final = 60  # seconds: an endpoint that sleeps answers 503 until it has woken up


class LocalError(Exception):
    """`up` or `down` cannot go on; the text is all that is printed."""


def up(stack: str) -> None:
    """Start the server, deploy the stack, print its URLs and one generated text."""
    server = _servers([stack])
    env = {**os.environ, **server.environment}
    _claim(stack, env)
    _pulumi(["up", "--yes", "--stack", stack], env)
    urls = json.loads(_pulumi(["stack", "output", "--json", "--stack", stack], env, quiet=True)).get("urls", {})
    for name, url in urls.items():
        print(f"{name}: {url or 'private, no URL'}")
    callable_urls = {name: url for name, url in urls.items() if url}
    if not callable_urls:
        print(f'stack "{stack}" has no endpoint with a URL, so no text is generated')
        return
    name, url = next(iter(callable_urls.items()))
    inside = server.inside_url is not None and url.startswith(f"{server.inside_url}/")
    print(f'{name} says{" inside the VPC" if inside else ""}: "{_PROMPT}" → "{_generate(url, env)}"')
    if inside:
        print(f"outside of the VPC: {_outside(server, url)}")


def down(stack: str | None) -> None:
    """Destroy the stack, or every stack that `up` made, and stop the server after the last one."""
    marked = sorted(mark.name for mark in _MARKS.iterdir()) if _MARKS.is_dir() else []
    if stack is not None and stack not in marked:
        print(f'stack "{stack}" was not made by `make up`: nothing to destroy')
    wanted = [name for name in marked if stack in (None, name)]
    if wanted:
        # Started again if need be (after a reboot): its state file still holds the endpoints to delete.
        env = {**os.environ, **_servers(wanted).environment}
        existing = _stacks(env)
        for name in wanted:
            if name in existing:
                _pulumi(["destroy", "--yes", "--stack", name], env)
                _pulumi(["stack", "rm", "--yes", "--preserve-config", "--stack", name], env, quiet=True)
            (_MARKS / name).unlink()
            print(f'stack "{name}": removed')
    if len(wanted) < len(marked):
        print(f"still up: {', '.join(name for name in marked if name not in wanted)}; the reference server goes on")
        return
    for name, pid in (("reference server", reference.stop()), ("AWS", aws.stop())):
        if pid is not None:
            print(f"{name}: stopped (process {pid})")
        elif name != "AWS":
            print(f"{name}: not running")


def _servers(stacks: Iterable[str]) -> reference.Server:
    """Start what these stacks need: the reference server, and for private endpoints an AWS that it looks into."""
    cloud = aws.start() if any(map(_is_private, stacks)) else None
    if cloud is not None:
        print(f"AWS (moto): {cloud.url} (process {cloud.pid}, log .local/aws.log)", flush=True)
    server = reference.start(None if cloud is None else cloud.url)
    inside = "" if server.inside_url is None else f", inside the VPC {server.inside_url}"
    print(f"reference server: {server.base_url}{inside} (process {server.pid}, log .local/reference.log)", flush=True)
    return server


def _is_private(stack: str) -> bool:
    """Whether an endpoint of the stack's file is behind PrivateLink."""
    file = reference.ROOT / "stacks" / f"Pulumi.{stack}.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    endpoints = ((config or {}).get("config") or {}).get("hf-endpoints:endpoints") or {}
    return any("private_service" in declared for declared in endpoints.values())


def _outside(server: reference.Server, url: str) -> str:
    """Return what the same address says on the public listener."""
    public = server.base_url + url.removeprefix(server.inside_url or "")
    request = urllib.request.Request(public, headers={"authorization": f"Bearer {reference.TOKEN}"})  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:  # noqa: S310 - as above
            msg = f"{public} answers with {answer.status}, although it is private"
            raise LocalError(msg)
    except urllib.error.HTTPError as refused:
        with refused:
            return f"{public} → {refused.code} {refused.reason}"


def _claim(stack: str, env: Mapping[str, str]) -> None:
    """Mark the stack as made here and make it if need be; LocalError when it holds resources that `up` did not make."""
    mark = _MARKS / stack
    existing = _stacks(env)
    resources = existing.get(stack, 0)
    if resources and not mark.exists():
        msg = (
            f'stack "{stack}" holds {resources} resources that `make up` did not make, perhaps on the real service; '
            f"destroy it where it was made (tools/run pulumi destroy -s {stack}), or take another name: make up STACK=…"
        )
        raise LocalError(msg)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    if stack not in existing:
        _pulumi(["stack", "init", stack], env, quiet=True)


def _stacks(env: Mapping[str, str]) -> dict[str, int]:
    """Return the backend's stacks of this project, each with its number of resources."""
    listed = json.loads(_pulumi(["stack", "ls", "--json"], env, quiet=True))
    return {entry["name"].rsplit("/", 1)[-1]: entry.get("resourceCount") or 0 for entry in listed}


def _pulumi(words: list[str], env: Mapping[str, str], *, quiet: bool = False) -> str:
    """Run `pulumi`: its output goes to the terminal, or with `quiet` is returned. LocalError when it fails."""
    pipe = subprocess.PIPE if quiet else None
    done = subprocess.run(
        ["pulumi", *words], cwd=reference.ROOT, env=env, stdout=pipe, stderr=pipe, text=True, check=False
    )
    if done.returncode != 0:
        said = f": {(done.stderr or done.stdout).strip()}" if quiet else ", see above"
        msg = f"`pulumi {' '.join(words)}` ended with exit code {done.returncode}{said}"
        raise LocalError(msg)
    return done.stdout or ""


def _generate(url: str, env: Mapping[str, str]) -> str:
    """Return one text generated at the URL, as a caller would ask for it. LocalError when there is none."""
    words = ["hf-endpoints", "generate", url, _PROMPT, "--max-new-tokens", str(_NEW_TOKENS), "--wait", str(_ANSWER_S)]
    done = subprocess.run(words, cwd=reference.ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalError(done.stderr.strip())
    return done.stdout.strip()


def main() -> int:
    """Run the verb on the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="deploy a stack on the local reference server").add_argument("--stack", default="dev")
    verbs.add_parser("down", help="remove what up made").add_argument("--stack", help="only this one")
    chosen = parser.parse_args()
    try:
        up(chosen.stack) if chosen.verb == "up" else down(chosen.stack)
    except (LocalError, ServerError) as error:
        print(f"make {chosen.verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"make {chosen.verb}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
