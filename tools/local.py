"""`make up` and `make down`: a stack on the local reference server, from nothing to a generated text and back.

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
from typing import TYPE_CHECKING, Final

from tools import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS: Final = reference.RUN_FILES / "stacks"
_PROMPT: Final = "The capital of France is"
_NEW_TOKENS: Final = 16
_ANSWER_S: Final = 60  # seconds: an endpoint that sleeps answers 503 until it has woken up


class LocalError(Exception):
    """`up` or `down` cannot go on; the text is all that is printed."""


def up(stack: str) -> None:
    """Start the server, deploy the stack, print its URLs and one generated text."""
    server = reference.start()
    print(f"reference server: {server.base_url} (process {server.pid}, log .local/reference.log)", flush=True)
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
    print(f'{name} says: "{_PROMPT}" → "{_generate(url, env)}"')


def down(stack: str | None) -> None:
    """Destroy the stack, or every stack that `up` made, and stop the server after the last one."""
    marked = sorted(mark.name for mark in _MARKS.iterdir()) if _MARKS.is_dir() else []
    if stack is not None and stack not in marked:
        print(f'stack "{stack}" was not made by `make up`: nothing to destroy')
    wanted = [name for name in marked if stack in (None, name)]
    if wanted:
        # Started again if need be (after a reboot): its state file still holds the endpoints to delete.
        env = {**os.environ, **reference.start().environment}
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
    pid = reference.stop()
    print("reference server: not running" if pid is None else f"reference server: stopped (process {pid})")


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
    except (LocalError, reference.ServerError) as error:
        print(f"make {chosen.verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"make {chosen.verb}: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
