"""The engine from Go modules: the command line, its Python language host and the two scripts that stand beside them.

The versions are those of `cli/go.mod` and `host/go.mod`, whose `go.sum` files hold every hash. They are two modules
because they need two versions of Pulumi's SDK module: the current language host is a module of its own, which not every
module proxy serves, while the one inside the SDK module, last in 3.79.0, works with the current command line and Python
SDK. It ignores `runtime.options.virtualenv` and does not start policy packs.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Final

from tools import steps

_HERE: Final = Path(__file__).parent
_CLI: Final = _HERE / "cli"
_HOST: Final = _HERE / "host"
_SDK: Final = "github.com/pulumi/pulumi/sdk/v3"


def _pinned(module_file: Path, pattern: str) -> str:
    match = re.search(pattern, module_file.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        msg = f'{module_file} has no line like "{pattern}"'
        raise steps.SetUpError(msg)
    return match.group(1)


VERSION: Final = _pinned(_CLI / "go.mod", rf"^\s*{_SDK} v(\S+)")
"""Version of the engine that is installed or built, written once: in `cli/go.mod`."""
GO_VERSION: Final = _pinned(_CLI / "go.mod", r"^go (\d+\.\d+)")

# Without debugging data and C bindings: nobody uses them here. With inlining: leaving it out saves a minute of a first
# build (122 s against 175 s on two cores), and costs each preview and up a twelfth of its processor time (2.2 s against
# 2.0 s).
_COMPILER_FLAGS: Final = "all=-dwarf=false"
# The documented way out of a tenth of all code: Google's storage client then speaks to gs:// backends over HTTP only,
# as Pulumi has it do anyway.
_BUILD_TAGS: Final = "disable_grpc_modules"
_BUILD_ENVIRONMENT: Final = {"CGO_ENABLED": "0", "GOWORK": "off"}


def home(cache: Path) -> Path:
    """Return the folder that holds the built engine, or would: one per version, set of dependencies and flags."""
    digest = hashlib.sha256()
    for module in (_CLI, _HOST):
        for name in ("go.mod", "go.sum"):
            digest.update((module / name).read_bytes())
    digest.update(_COMPILER_FLAGS.encode())
    return cache / "engine" / f"{VERSION}-{digest.hexdigest()[:12]}"


def build(home: Path) -> None:
    """Build the engine into `home`; SetUpError when there is no suitable Go or the build fails."""
    _check_go()
    building = home.with_name(home.name + ".part")
    shutil.rmtree(building, ignore_errors=True)
    bin_ = building / "bin"
    bin_.mkdir(parents=True)
    # One after the other: they share the compiled standard library, and each keeps all cores busy.
    with steps.step("Pulumi's Python language host, built from Go modules"):
        _go_build(_HOST, f"{_SDK}/python/cmd/pulumi-language-python", bin_, "-s -w")
    with steps.step(f"Pulumi {VERSION}, built from Go modules (the first time on a machine this takes minutes)"):
        stamp = f"-X {_SDK}/go/common/version.Version=v{VERSION}"
        _go_build(_CLI, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", bin_, f"-s -w {stamp}")
    sdk = Path(_go(_CLI, "list", "-m", "-f", "{{.Dir}}", _SDK).strip())
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        source = sdk / "python" / script
        shutil.copyfile(source, bin_ / source.name)
        (bin_ / source.name).chmod(0o755)
    answer = steps.run([bin_ / "pulumi", "version"], env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}).strip()
    if answer != f"v{VERSION}":
        msg = f'the built engine answers "{answer}", expected "v{VERSION}"'
        raise steps.SetUpError(msg)
    building.rename(home)


def _check_go() -> None:
    if shutil.which("go") is None:
        msg = "no `go` on the PATH to build the engine with"
        raise steps.SetUpError(msg)
    try:
        # In the module's folder `go` reads which version it asks for, and may fetch that as its own settings allow.
        _go(_CLI, "version")
    except steps.SetUpError as error:
        msg = f"`go` on the PATH is not {GO_VERSION} or newer: {str(error).splitlines()[-1].strip()}"
        raise steps.SetUpError(msg) from error


def _go_build(module: Path, package: str, into: Path, linker_flags: str) -> None:
    flags = [f"-gcflags={_COMPILER_FLAGS}", f"-ldflags={linker_flags}", f"-tags={_BUILD_TAGS}"]
    _go(module, "build", "-mod=readonly", "-buildvcs=false", "-trimpath", *flags, "-o", f"{into}/", package)


def _go(module: Path, *words: str) -> str:
    return steps.run(["go", *words], cwd=module, env={**os.environ, **_BUILD_ENVIRONMENT})
