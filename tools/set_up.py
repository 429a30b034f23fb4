"""Set the checkout up: virtual environment and engine, at the same time, once at a time. Run by `tools/run`.

`python3 -m tools.set_up CACHE KEY` ends by writing `.local/setup.env`, which `tools/run` compares and sources.
"""

from __future__ import annotations

import concurrent.futures
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from tools import engine, environment, steps

ROOT = Path(__file__).parent.parent


def main(arguments: list[str]) -> int:
    """Set everything up and return the exit code."""
    cache, key = Path(arguments[0]), arguments[1]
    try:
        with steps.lock(ROOT / ".local" / "setup.lock"), steps.lock(cache / "setup.lock"):
            ready = _set_up(cache)
            _write_stamp(ROOT / ".local" / "setup.env", key, ready)
    except steps.SetUpError as error:
        sys.stderr.write(f"set-up: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("set-up: interrupted; the next run starts the unfinished step again\n")
        return 130
    steps.say(f"ready: Pulumi {ready.version} ({ready.way}) in {ready.folders[0]}, packages in {ROOT / '.venv'}")
    return 0


def _set_up(cache: Path) -> engine.Engine:
    """Set up both halves at the same time; when one fails, end the other's commands and raise."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        python = pool.submit(environment.ensure, ROOT, cache)
        ready = pool.submit(engine.ensure, cache, python.result)
        halves: tuple[concurrent.futures.Future[Any], ...] = (python, ready)
        try:
            for half in concurrent.futures.as_completed(halves):  # raises as soon as one has failed
                half.result()
        except BaseException:
            steps.stop_all()
            raise
        return ready.result()


def _write_stamp(path: Path, key: str, ready: engine.Engine) -> None:
    folders = ":".join(map(str, ready.folders))
    text = f"setup_key={shlex.quote(key)}\nengine_path={shlex.quote(folders)}\n"
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.rename(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
