"""What ``check`` finds out before anything is planned: instance, quota, repository. Facts are asked for once a process.

The rules are functions of values, each ending in a line for the user; `Preflight` fetches what they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final

from hf_endpoints.aws.session import caller_account
from hf_endpoints.core.cost import Prices
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.prices import BUNDLED, offered
from hf_endpoints.core.quota import INSTANCE_IN_PLACE, Allowance, Ledger, demand_of, row_of, shortage_words
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiUnwell, DeclarationError, NoCredentials
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.models import ModelInfo
from hf_endpoints.spec import is_known
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.image import NEEDS_PARALLEL_SIZE

ACCELERATOR: Final[Path] = ("compute", "accelerator")


@dataclass(slots=True)
class Preflight:
    """The facts of one plugin process and the demands of the stack that it serves; threads share it.

    ``warn`` shows a line to the user. What cannot be asked for is left out, which is said once, and not asked for again
    until nothing goes on without it.
    """

    hub: HubClient
    warn: Callable[[str], None]
    _hardware: dict[str, tuple[Instance, ...]] = field(default_factory=dict)
    _silent: dict[str, str] = field(default_factory=dict)
    """Why the hardware list of a namespace could not be had."""
    _models: dict[tuple[str, str | None], ModelInfo] = field(default_factory=dict)
    _hub_is_silent: bool = False
    _ledger: Ledger = field(default_factory=Ledger)
    _lock: Lock = field(default_factory=Lock)

    def rows(self, namespace: str, *, patient: bool = False) -> tuple[Instance, ...]:
        """The namespace's hardware list. Raises the API errors.

        One that could not be had is asked for again only where that is ``patient``, so that a preview without network
        waits once and not for each endpoint. The first time it is said what goes on without it.
        """
        with self._lock:
            if namespace not in self._hardware:
                if namespace in self._silent and not patient:
                    raise ApiUnwell(self._silent[namespace])
                try:
                    self._hardware[namespace] = self.hub.hardware(namespace, patient=patient)
                except ApiUnwell as error:
                    if not patient:
                        self._silent[namespace] = str(error)
                        self.warn(f"{error}; instances and quota are not checked")
                    raise
            return self._hardware[namespace]

    def _rows_if_any(self, namespace: str) -> tuple[Instance, ...] | None:
        """The same, None where they cannot be had: of a namespace that is not known yet, or of a silent API."""
        if not is_known(namespace):
            return None
        try:
            return self.rows(namespace)
        except ApiUnwell:
            return None

    def prices(self, namespace: str) -> Prices:
        """The prices of the namespace's hardware list if it could be had so far, the bundled ones otherwise."""
        with self._lock:
            rows = self._hardware.get(namespace)
        return BUNDLED if rows is None else offered(rows)

    def completed(self, tree: Tree, old: Inputs | None, namespace: str, endpoint: str) -> Tree:
        """The tree with its accelerator; raises `DeclarationError` for an instance that it cannot have.

        An instance that is kept is not judged again: a deprecated one goes on running. ``old`` is as `filled` has it.
        """
        kept = old is not None and _is_same_instance(old.tree, tree)
        rows = self._rows_if_any(namespace)
        if old is not None and kept:
            accelerator = value_at(old.tree, ACCELERATOR)
            if isinstance(accelerator, str) and "accelerator" not in tree["compute"]:
                tree = {**tree, "compute": {"accelerator": accelerator, **tree["compute"]}}
        elif rows is not None:
            tree = with_accelerator(tree, rows, endpoint)
        elif old is not None and _may_stay(old, tree, namespace):
            self.warn(
                f"endpoint {endpoint!r}: compute.instance_type: whether its edit needs a replacement is not known "
                "without the list of hardware"
            )
        row = None if rows is None else row_of(tree, rows)
        if row is not None:
            check_parallel_size(tree, row, endpoint)
        return tree

    def filled(self, applied: Inputs) -> Inputs:
        """What was applied with the accelerator of its instance, where that was not known when it was.

        The engine keeps an endpoint's outputs as they are while nothing changes, so that it may be missing for long.
        """
        if value_at(applied.tree, ACCELERATOR) is not ABSENT:
            return applied
        rows = self._rows_if_any(applied.namespace)
        row = None if rows is None else row_of(applied.tree, rows)
        return applied if row is None else replace(applied, tree=_with(row.accelerator, applied.tree))

    def settled(self, inputs: Inputs, applied: Inputs | None = None) -> Inputs:
        """The inputs as they can be applied: with the accelerator that a check without the hardware list left open.

        Raises `ApiUnwell` where it still cannot be had, and where what is ``applied`` would have to be replaced for it,
        which nobody has planned; `DeclarationError` for an instance that it cannot have.
        """
        if applied is not None:
            known = all(value_at(one.tree, ACCELERATOR) is not ABSENT for one in (applied, inputs))
            if known or _is_same_instance(applied.tree, inputs.tree):
                return inputs
        try:
            rows = self.rows(inputs.namespace, patient=True)
        except ApiUnwell as error:
            message = f"endpoint {inputs.id!r}: compute.instance_type: its accelerator is not known: {error}"
            raise ApiUnwell(message) from None
        settled = replace(inputs, tree=with_accelerator(inputs.tree, rows, inputs.id))
        before = ABSENT if applied is None else value_at(self.filled(applied).tree, ACCELERATOR)
        after = value_at(settled.tree, ACCELERATOR)
        if before not in {ABSENT, after}:
            kind = value_at(inputs.tree, INSTANCE_IN_PLACE[2])
            message = (
                f"cannot update endpoint {inputs.id!r}: compute.instance_type: {kind!r} is {after!r} and it runs on "
                f"{before!r}: that needs a replacement, which was planned as an update without the list of hardware; "
                "run 'pulumi up' again"
            )
            raise ApiUnwell(message)
        return settled

    def with_account(self, tree: Tree, old: Inputs | None, endpoint: str, *, needed: bool = False) -> Tree:
        """The tree with the AWS account of its private service: the one that it had, or that of the AWS credentials.

        Where AWS cannot be asked, raises `DeclarationError` if it is ``needed``, and says so otherwise.
        """
        private = tree.get("private_service")
        if not isinstance(private, dict) or "account_id" in private or not is_known(private["region"]):
            return tree
        account = value_at(old.tree, ("private_service", "account_id")) if old is not None else ABSENT
        if account is ABSENT:
            try:
                account = caller_account(private["region"])
            except (NoCredentials, ApiUnwell) as error:
                message = f"endpoint {endpoint!r}: private_service.account_id: is left out, and {error}"
                if needed:
                    raise DeclarationError(message) from None
                self.warn(message)
                return tree
        return {**tree, "private_service": {**private, "account_id": account}}

    def check_repository(self, tree: Tree, old: Inputs | None, endpoint: str) -> None:
        """Raise `DeclarationError` for a repository or revision that is not there for the token; warn of a misfit task.

        Asked only when repository, revision or task change.
        """
        paths: tuple[Path, ...] = (("model", "repository"), ("model", "revision"), ("model", "task"))
        values = [value_at(tree, path) for path in paths]
        if not all(map(is_known, values)) or (
            old is not None and values == [value_at(old.tree, path) for path in paths]
        ):
            return
        repository, revision, task = (value if isinstance(value, str) else None for value in values)
        try:
            info = self.model(repository or "", revision)
        except DeclarationError as error:
            message = f"endpoint {endpoint!r}: {error}"
            raise DeclarationError(message) from None
        offered = None if info is None else info.task
        if task and offered and task not in {offered, "custom"}:
            self.warn(
                f"endpoint {endpoint!r}: model.task: {task!r} is declared, {repository!r} is made for {offered!r}"
            )

    def model(self, repository: str, revision: str | None) -> ModelInfo | None:
        """What the Hub says, None when it cannot be asked: once for each, and not again once it is silent."""
        with self._lock:
            if (repository, revision) in self._models or self._hub_is_silent:
                return self._models.get((repository, revision))
            try:
                info = self.hub.model(repository, revision)
            except ApiUnwell as error:
                self._hub_is_silent = True
                self.warn(f"{error}; repositories are not checked, and pinned models stay at their commits")
                return None
            self._models[repository, revision] = self._models[repository, info.commit] = info
            return info

    def check_quota(
        self, old: Inputs | None, new: Inputs, endpoint: str, *, both: bool, there: Observation | None
    ) -> None:
        """Raise `DeclarationError` when the stack's endpoints so far do not fit the quota at its fullest moment.

        ``both`` tells that predecessor and successor exist at the same time; ``there`` is what has the new name
        already: left by an interrupted create, or to be adopted, it holds its accelerators.
        """
        rows = self._rows_if_any(new.namespace)
        if rows is None:
            return
        row = row_of(new.tree, rows)
        needed = demand_of(new.tree, rows)
        with self._lock:
            freed = demand_of(old.tree, rows) if old is not None and not both else None
            if freed is None and there is not None:
                freed = demand_of(there.tree, rows)
            self._ledger.add(new.owner, freed, needed, again=old is None)
            if row is None or needed is None or row.limit is None:
                return
            shortage = self._ledger.shortage(new.owner, needed, Allowance(row.limit, row.used))
        if shortage is not None:
            words = shortage_words(shortage, new.namespace, at_least=True)  # the engine stops at the first refused
            message = f"endpoint {endpoint!r}: compute.instance_type: {words}"
            raise DeclarationError(message)


def _may_stay(old: Inputs, tree: Tree, namespace: str) -> bool:
    """Whether nothing but an accelerator that is not known could ask for a replacement."""
    same_place = (old.namespace, old.tree["provider"]) == (namespace, tree["provider"])
    return same_place and value_at(tree, ACCELERATOR) is ABSENT


def _is_same_instance(before: Tree, after: Tree) -> bool:
    return all(value_at(before, path) == value_at(after, path) for path in INSTANCE_IN_PLACE)


def check_parallel_size(tree: Tree, row: Instance, endpoint: str) -> None:
    """Raise `DeclarationError` for an engine that the API refuses on several accelerators without a parallel size."""
    for kind in NEEDS_PARALLEL_SIZE:
        image = value_at(tree, ("model", "image", kind))
        if isinstance(image, dict) and row.accelerator != "cpu" and row.accelerators > 1:
            if "tensor_parallel_size" in image or "data_parallel_size" in image:
                continue
            message = (
                f"endpoint {endpoint!r}: model.image.{kind}.tensor_parallel_size: is missing, "
                f"and {row.instance_type} {row.instance_size} has {row.accelerators} accelerators: "
                f"set it to {row.accelerators}, or together with data_parallel_size"
            )
            raise DeclarationError(message)


def with_accelerator(tree: Tree, rows: Iterable[Instance], endpoint: str) -> Tree:
    """The tree with its accelerator filled in from the hardware list.

    Raises `DeclarationError` when the instance is not offered where it is asked for, naming what is, or when the
    declared accelerator is not that of the instance. Values that are not known yet, and an instance that is still to be
    chosen, are left for the next check.
    """
    vendor, region, kind, size = (value_at(tree, path) for path in INSTANCE_IN_PLACE)
    if not all(map(is_known, (vendor, region, kind, size))) or ABSENT in {kind, size}:
        return tree
    rows = [row for row in rows if row.vendor == vendor]
    here = [row for row in rows if row.region == region]
    if not here:
        regions = sorted({row.region for row in rows})
        message = f"endpoint {endpoint!r}: provider.region: {region!r} is not offered on {vendor}{_listed(regions)}"
        raise DeclarationError(message)
    of_type = [row for row in here if row.instance_type == kind]
    if not of_type:
        types = sorted({row.instance_type for row in here if row.is_offered})
        missing = f"{kind!r} is not offered in {vendor} {region}{_listed(types)}"
        message = f"endpoint {endpoint!r}: compute.instance_type: {missing}"
        raise DeclarationError(message)
    row = next((row for row in of_type if row.instance_size == size), None)
    if row is None:
        sizes = [row.instance_size for row in of_type]
        message = (
            f"endpoint {endpoint!r}: compute.instance_size: {size!r} is not offered for {kind} "
            f"in {vendor} {region}{_listed(sizes)}"
        )
        raise DeclarationError(message)
    if not row.is_offered:
        others = sorted({row.instance_type for row in here if row.is_offered})
        state = row.status.replace("_", " ")
        message = (
            f"endpoint {endpoint!r}: compute.instance_type: {kind!r} {size} is {state} "
            f"in {vendor} {region}{_listed(others)}"
        )
        raise DeclarationError(message)
    declared = value_at(tree, ACCELERATOR)
    if isinstance(declared, str) and is_known(declared) and declared != row.accelerator:
        message = (
            f"endpoint {endpoint!r}: compute.accelerator: {declared!r} does not fit {kind} {size}, "
            f"which is {row.accelerator!r}: leave it out"
        )
        raise DeclarationError(message)
    return _with(row.accelerator, tree)


def _with(accelerator: str, tree: Tree) -> Tree:
    return {**tree, "compute": {**tree["compute"], "accelerator": accelerator}}


def _listed(offered: list[str]) -> str:
    return f": there is {', '.join(offered)}" if offered else ""
