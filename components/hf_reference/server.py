"""All parts joined to one application, and that application on a port.

``running`` is for tests: it serves from a thread and gives a handle on everything. ``serve`` is for the command: it
serves from the main thread until a signal comes.
"""

from __future__ import annotations

import gc
import signal
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from hf_reference.answers import answer
from hf_reference.audit import AuditLog
from hf_reference.choices import DEFAULTS, Choices
from hf_reference.clock import Clock, Virtual
from hf_reference.containers.call import ContainerOptions
from hf_reference.containers.handlers import Handlers
from hf_reference.description import describe
from hf_reference.ec2 import Ec2
from hf_reference.errors import SetupError
from hf_reference.faults import Faults
from hf_reference.http import (
    audit,
    catalog,
    control_plane,
    data_plane,
    hub,
    logs,
    observation,
    provider,
    test_only,
)
from hf_reference.http.desk import Desk
from hf_reference.http.parts import Parts, Switches, refusing
from hf_reference.http.routes import Application, Routes
from hf_reference.http.sides import Sides
from hf_reference.journal import Journal
from hf_reference.links import Inside, Links
from hf_reference.serving import PassingServer, Server, bound
from hf_reference.tokens import Tokens
from hf_reference.vpc import NAMING_SHARE
from hf_reference.world import World

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from starlette.types import ASGIApp

    from hf_reference.billing import Bill
    from hf_reference.store import Store

DEFAULT_PROVISIONING_S: Final = 30.0
"""Model time. The real service takes two to five minutes; nobody waits that long for a demonstration."""
DEFAULT_DELETION_S: Final = 1.0
"""Model time. Measured: more than 0.4 s."""
_START_LIMIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What one can choose. Model time: ``provisioning_s``, ``deletion_s``; real time: ``latency_s``."""

    seed: int = 0
    provisioning_s: float = DEFAULT_PROVISIONING_S
    deletion_s: float = DEFAULT_DELETION_S
    latency_s: float = 0.0
    service_name_s: float | None = None
    """Model time from create to the service name of a private endpoint; half of the provisioning time unless said."""
    aws_endpoint_url: str | None = None
    """Where the VPC endpoints are that make private endpoints answer, such as moto's server."""
    inside_port: int = 0
    """Port of the listener inside the VPC; 0 takes any free one."""
    aws_interval_s: float = 0.25
    """Real time between two looks there; 0 looks whenever somebody asks."""
    state: Path | None = None
    tokens: Path | None = None
    log_search: bool = True
    faults: Path | None = None
    journal: Path | None = None
    choices: Choices = DEFAULTS
    """Behaviour that nobody published."""
    handlers: Mapping[str, Path] = field(default_factory=dict)
    """Repository → file with an ``EndpointHandler``; it runs in this process."""
    containers: ContainerOptions = field(default_factory=ContainerOptions)


_OUTSIDE: Final = (
    *("state", "tokens", "faults", "journal", "handlers"),
    *("aws_endpoint_url", "aws_interval_s", "inside_port"),
)
"""Options that lead to files or to AWS: what is there stands in the journal, or is not this run's."""


@dataclass(frozen=True, slots=True)
class Running:
    """A handle on a server that is up. ``base_url`` has no slash at its end."""

    base_url: str
    clock: Clock
    faults: Faults
    journal: Journal
    tokens: Tokens
    world: World
    inside_url: str | None = None
    """The listener inside the VPC; only with an address of AWS."""

    @property
    def api_url(self) -> str:
        """Base of the control plane, for ``huggingface_hub.constants.INFERENCE_ENDPOINTS_ENDPOINT``."""
        return f"{self.base_url}/v2"

    def advance(self, seconds: float) -> None:
        """Move a virtual clock.

        :raises SetupError: the clock is not virtual.
        """
        if not isinstance(self.clock, Virtual):
            message = f"the clock is {self.clock.kind}; only a virtual one can be moved"
            raise SetupError(message)
        self.clock.advance(seconds)
        self.journal.setup("POST", "/_test/clock", {"advance_s": seconds})

    def load(self, endpoint: str, *, pending: int = 0, hardware_percent: float | None = None) -> None:
        """Give ``namespace/name`` pending requests beside the real ones, and its replicas a usage to show.

        :raises MissingError: there is no such endpoint.
        """
        namespace, _, name = endpoint.partition("/")
        self.world.prescribe_load(namespace, name, pending, hardware_percent)
        load = {"endpoint": endpoint, "pending": pending, "hardware_percent": hardware_percent}
        self.journal.setup("PUT", "/_test/load", load)

    def move_branch(self, repository: str, branch: str = "main") -> str:
        """Let a model's branch move on by a commit, whose id is given; no endpoint changes by it.

        :raises SetupError: there is no such model, or that is no branch.
        """
        sha = self.world.move_branch(repository, branch)
        self.journal.setup("POST", "/_test/commits", {"repository": repository, "branch": branch})
        return sha

    def bills(self) -> list[Bill]:
        """Give what each endpoint of this run has cost, also those that are gone."""
        return self.world.bills()


def assemble(base_url: str, clock: Clock, options: Options, inside_url: str | None = None) -> Parts:
    """Join the parts, and take up what the state file holds.

    :raises SetupError: one of the files cannot be used.
    """
    store = None if options.state is None else _opened(options.state)
    stored = None if store is None else store.load()
    if stored is not None:
        clock.go_on_from(stored.now)
    journal = Journal(clock, _head(clock, options, fresh=stored is None))
    if options.journal is not None:
        try:
            journal.write_to(options.journal)
        except OSError as failure:
            message = f"cannot write the journal {str(options.journal)!r}: {failure}"
            raise SetupError(message) from failure
    faults = Faults(options.seed, journal.setup)
    world = World(
        clock,
        faults,
        seed=options.seed,
        provisioning_s=options.provisioning_s,
        deletion_s=options.deletion_s,
        choices=options.choices,
    )
    tokens = Tokens(faults.revoked, journal.setup)
    if options.tokens is not None:
        tokens.load(options.tokens)
    if options.faults is not None:
        faults.load(options.faults)
    if stored is not None:
        kept = [endpoint for endpoint in stored.endpoints.values() if endpoint is not None]
        world.restore(kept, serial=stored.serial, quotas=stored.quotas, moves=stored.moves)
    switches = Switches(log_search=options.log_search)
    log = AuditLog() if store is None else AuditLog(store.load_audit())
    links = Links(
        clock,
        world.private,
        faults,
        naming_s=NAMING_SHARE * options.provisioning_s if options.service_name_s is None else options.service_name_s,
        inside=_inside(options, inside_url),
    )
    return Parts(
        base_url,
        clock,
        faults,
        journal,
        tokens,
        world,
        links,
        store,
        options.latency_s,
        switches=switches,
        audit=log,
        containers=options.containers,
        handlers=Handlers(options.handlers),
    )


def _inside(options: Options, url: str | None) -> Inside | None:
    if options.aws_endpoint_url is None or url is None:
        return None
    return Inside(url, Ec2(options.aws_endpoint_url), options.aws_interval_s)


def _opened(state: Path) -> Store:
    from hf_reference.store import Store  # noqa: PLC0415 - SQLite takes its time, and few servers need it

    return Store(state)


def _head(clock: Clock, options: Options, *, fresh: bool) -> dict[str, Any]:
    """Say in the journal's first line what a server has to be like to answer as this one does."""
    chosen = {f.name: getattr(options, f.name) for f in fields(options) if f.name not in {*_OUTSIDE, "choices"}}
    chosen["choices"] = options.choices.model_dump(exclude_defaults=True)
    chosen["containers"] = asdict(options.containers)
    return {"clock": clock.kind, "start_s": clock.now(), "fresh": fresh, "options": chosen}


def build_app(parts: Parts) -> ASGIApp:
    """Make the application: routes, with the desk in front of them."""
    control = [module.router(parts) for module in (control_plane, logs, observation, audit, provider)]
    own = Routes()

    @own.get("/openapi.json")
    async def openapi() -> Response:
        return answer(describe([route for routes in control for route in routes.table], parts.world.choices))

    others = [*(module.router(parts) for module in (catalog, hub, data_plane, test_only)), hub.files(parts)]
    return Desk(Sides(Application([*control, *others, own], refusing(parts.world.choices)), parts.links), parts)


@contextmanager
def _listening(host: str, port: int, options: Options) -> Iterator[tuple[list[socket.socket], str, str | None]]:
    """Bind the public listener, and where AWS can be asked the one inside the VPC; give both with their URLs."""
    public, base_url = bound(host, port)
    with public:
        if options.aws_endpoint_url is None:
            yield [public], base_url, None
            return
        inner, inside_url = bound(host, options.inside_port)
        with inner:
            yield [public, inner], base_url, inside_url


@contextmanager
def running(clock: Clock | None = None, options: Options | None = None) -> Iterator[Running]:
    """Serve on a free loopback port for the length of a ``with`` block; the clock is virtual unless another is given.

    :raises SetupError: the server did not come up.
    """
    options = options or Options()
    with _listening("127.0.0.1", 0, options) as (listeners, base_url, inside_url):
        parts = assemble(base_url, clock or Virtual(), options, inside_url)
        up = threading.Event()
        server = PassingServer(build_app(parts), up.set, parts.stopping)
        thread = threading.Thread(target=server.run, args=(listeners,), name="hf_reference", daemon=True)
        thread.start()
        try:
            if not up.wait(_START_LIMIT_S):
                message = f"the reference server did not come up within {_START_LIMIT_S:g} s"
                raise SetupError(message)
            yield Running(base_url, parts.clock, parts.faults, parts.journal, parts.tokens, parts.world, inside_url)
        finally:
            server.stop()
            thread.join()
            _close(parts)


def serve(host: str, port: int, clock: Clock, options: Options, announce: Callable[[str, str | None], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    ``announce`` gets the base URL, and that of the listener inside the VPC if there is one, once connections are
    accepted.

    :raises SetupError: the address is taken, or a file cannot be used.
    """
    with _listening(host, port, options) as (listeners, base_url, inside_url):
        parts = assemble(base_url, clock, options, inside_url)
        server = Server(build_app(parts), lambda: announce(base_url, inside_url), parts.stopping)

        # uvicorn raises a signal again once it has stopped, for an earlier handler; a clean stop must end with code 0.
        def stop(_signal: int, _frame: FrameType | None) -> None:
            server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        gc.freeze()  # what is loaded by now stays: the collector would look through all of it time and again
        gc.set_threshold(20_000, 20, 20)  # with 700, which is Python's own, a create and its delete take a tenth longer
        try:
            server.run(listeners)
        finally:
            _close(parts)


def _close(parts: Parts) -> None:
    try:
        parts.commit(last=True)
    finally:
        parts.journal.close()
        if parts.store is not None:
            parts.store.close()
