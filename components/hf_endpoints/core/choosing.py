"""``compute: auto``: what a choice depends on, the instance that is chosen, and the declaration with it.

The cheapest instance that holds the model is taken, of those that its quota has room for. The choice is stored with
what it was made for, so that neither a price nor somebody's change by hand moves it: it is made again when the
declaration asks for something else.

Which kinds of accelerator come into question follows from the container: engines that need a GPU get one; the image of
TEI and of llama.cpp says by its name what it was built for. The default container and custom ones take the cheapest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hf_endpoints.core.hardware import Instance, Wanted
from hf_endpoints.core.quota import Demand
from hf_endpoints.core.recommending import Fit, fits, reasons, without_neuron
from hf_endpoints.core.sizing import Load, ModelFacts, weights_of
from hf_endpoints.core.state import Choice
from hf_endpoints.core.tree import ABSENT, Tree, put, value_at
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import is_known
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.image import NEEDS_PARALLEL_SIZE

AUTO: Final[Path] = ("compute", "auto")
REPOSITORY: Final[Path] = ("model", "repository")
REVISION: Final[Path] = ("model", "revision")
INSTANCE: Final[tuple[Path, ...]] = (
    ("compute", "accelerator"),
    ("compute", "instance_type"),
    ("compute", "instance_size"),
)
_PLACE: Final[tuple[Path, ...]] = (("provider", "vendor"), ("provider", "region"))
_IMAGE: Final[Path] = ("model", "image")
_PARALLEL: Final = ("tensor_parallel_size", "data_parallel_size")
_SIZES: Final = (*_PARALLEL, "model_path", "ctx_size", "n_parallel")
"""Fields of an image that a choice depends on."""
_ON: Final[Mapping[str, str]] = {
    **dict.fromkeys(("tgi", "vllm", "vllm_omni", "sglang"), "gpu"),
    **dict.fromkeys(("huggingface_neuron", "tgi_neuron", "vllm_neuron"), "neuron"),
}


def is_auto(tree: Tree) -> bool:
    """Whether the instance is to be chosen."""
    return isinstance(value_at(tree, AUTO), dict)


def wish_of(tree: Tree) -> dict[str, Any] | None:
    """What a choice depends on, or None while part of it is not known: by dotted path, what is absent left out."""
    image, kind = value_at(tree, _IMAGE), _kind(tree)
    paths = [REPOSITORY, REVISION, *_PLACE, *INSTANCE, AUTO, *((*_IMAGE, kind, size) for size in _SIZES)]
    values = {".".join(path): value_at(tree, path) for path in paths}
    given = {path: value for path, value in values.items() if value is not ABSENT}
    known = all(map(is_known, [image, *given.values(), *value_at(tree, AUTO).values(), _url(tree)]))
    return {**given, "model.image": kind, "runs on": _accelerator_of_image(tree) or "any"} if known else None


def with_choice(tree: Tree, choice: Choice) -> Tree:
    """The declaration with the chosen instance; the given one is left alone."""
    return with_instance_of(tree, {"compute": choice.to_props()})


def with_instance_of(tree: Tree, other: Tree) -> Tree:
    """The declaration with another's instance; the given one is left alone."""
    chosen = {**tree, "compute": dict(tree["compute"])}
    for path in INSTANCE:
        put(chosen, path, value_at(other, path))
    return chosen


def choose(tree: Tree, facts: ModelFacts, rows: Iterable[Instance], held: Demand | None) -> Choice:
    """The instance for a declaration of which all is known that the choice depends on.

    ``held`` is what the endpoint has of the quota already. Raises `DeclarationError` with what is missing, as words
    that follow the endpoint's name.
    """
    auto: dict[str, Any] = value_at(tree, AUTO)
    rows, load = tuple(rows), _load(tree)
    wanted = _wanted(tree)
    size = value_at(tree, ("compute", "instance_size"))
    candidates = [row for row in without_neuron(rows, wanted) if size in {ABSENT, row.instance_size}]
    if not candidates:
        raise _cannot(wanted.why_none(rows) or f"there is no size {size!r} of {wanted.instance_type or 'any instance'}")
    ways = weights_of(facts, auto["precision"], _file(tree))
    if not ways:
        message = f"the size of {facts.repository!r} is not known: write instance_type and instance_size"
        raise _cannot(message)
    holding = fits(facts, ways, load, candidates)
    found = [fit for fit in holding if not fit.is_slow or wanted.accelerator == "cpu"]
    if not found:
        slow = "only CPUs hold it, which are slow for text of its size: write 'accelerator: cpu' to take one"
        why = slow if holding else "; ".join(reasons(facts, ways, load, candidates))
        words = f"{facts.repository!r} finds no place in {_place(tree)}: {why}"
        raise _cannot(words)
    best = _in_quota(tree, _affordable(_for_the_engine(tree, found), auto.get("max_price_per_hour")), held)
    return Choice(wish_of(tree) or {}, best.accelerator, best.instance_type, best.instance_size)


def _wanted(tree: Tree) -> Wanted:
    values = (value_at(tree, path) for path in (*_PLACE, *INSTANCE[:2]))
    vendor, region, accelerator, kind = (value if isinstance(value, str) else None for value in values)
    return Wanted(vendor, region, accelerator or _accelerator_of_image(tree), kind)


def _accelerator_of_image(tree: Tree) -> str | None:
    """What the container runs on; None where it may be a CPU as well as a GPU."""
    kind, url = _kind(tree), str(_url(tree))
    if kind == "tei":
        return "cpu" if ":cpu" in url else "gpu"
    if kind == "llamacpp":
        return "gpu" if "cuda" in url else "cpu"
    return _ON.get(kind)


def _url(tree: Tree) -> Any:  # noqa: ANN401  a property value
    return value_at(tree, (*_IMAGE, _kind(tree), "url"))


def _kind(tree: Tree) -> str:
    image = value_at(tree, _IMAGE)
    return next(iter(image), "") if isinstance(image, dict) else ""


def _load(tree: Tree) -> Load:
    """As `Auto` says; llama.cpp's own sizes stand for what it does not say."""
    auto, llamacpp = value_at(tree, AUTO), value_at(tree, (*_IMAGE, "llamacpp"))
    own = llamacpp if isinstance(llamacpp, dict) else {}
    return Load(auto.get("context_length", own.get("ctx_size")), auto.get("batch", own.get("n_parallel", 1)))


def _file(tree: Tree) -> str | None:
    file = value_at(tree, (*_IMAGE, "llamacpp", "model_path"))
    return file if isinstance(file, str) else None


def _for_the_engine(tree: Tree, found: list[Fit]) -> list[Fit]:
    """Those that the engine can use: as many accelerators as it shares out over, one where it does not say.

    Where only several hold the model and the engine has to be told, they stay: the check of the parallel size says so.
    """
    kind = _kind(tree)
    image = value_at(tree, (*_IMAGE, kind))
    sizes = [image[size] for size in _PARALLEL if size in image] if isinstance(image, dict) else []
    if kind in NEEDS_PARALLEL_SIZE and sizes:
        number = sizes[0] if len(sizes) == 1 else sizes[0] * sizes[1]
        fitting = [fit for fit in found if fit.row.accelerators == number]
        if not fitting:
            there = ", ".join(dict.fromkeys(fit.row.id for fit in found))
            message = f"no instance with the {number} accelerators of model.image.{kind} holds the model: {there} would"
            raise _cannot(message)
        return fitting
    if kind == "tgi":  # it shares out by itself
        return found
    return [fit for fit in found if fit.row.accelerator == "cpu" or fit.row.accelerators == 1] or found


def _affordable(found: list[Fit], most: float | None) -> list[Fit]:
    kept = [fit for fit in found if most is None or fit.row.price_per_hour <= most]
    if not kept:
        row = found[0].row
        cheapest = f"{row.id} at ${row.price_per_hour:g}/h"
        words = f"max_price_per_hour: {most:g} is too low: the cheapest that holds the model is {cheapest}"
        raise _cannot(words)
    return kept


def _in_quota(tree: Tree, found: list[Fit], held: Demand | None) -> Instance:
    """The first that the quota has room for with all replicas; a paused endpoint takes none."""
    replicas = value_at(tree, ("compute", "scaling", "max_replica"))
    if tree.get("run_state") == "paused" or not isinstance(replicas, int):
        return found[0].row
    for row in (fit.row for fit in found):
        own = held.accelerators if held and (held.vendor, held.instance_type) == (row.vendor, row.instance_type) else 0
        if row.left is None or row.left + own >= replicas * row.accelerators:
            return row
    row = found[0].row
    message = (
        f"no quota for what holds the model: {replicas} replicas of {row.id} need {replicas * row.accelerators}, "
        f"{row.used} of {row.limit} are in use: ask for a higher quota (contact form of the service)"
    )
    raise _cannot(message)


def _place(tree: Tree) -> str:
    return " ".join(str(value_at(tree, path)) for path in _PLACE)


def _cannot(words: str) -> DeclarationError:
    return DeclarationError(f"compute.auto: {words}")
