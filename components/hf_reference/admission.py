"""Whether a declaration can be deployed at all, whoever asks and whatever else runs."""

from __future__ import annotations

from typing import Final

from hf_reference import hardware, hub_models
from hf_reference.choices import Choices
from hf_reference.declaration import Declaration
from hf_reference.errors import InstanceError, InvalidError, MissingError
from hf_reference.hub_history import History

RESERVED_ENV: Final = frozenset(
    f"LLAMA_ARG_{name}"
    for name in (
        *("MODEL", "HTTP_THREADS", "N_GPU_LAYERS", "EMBEDDINGS", "HOST", "PORT", "NO_MMAP", "CTX_SIZE", "N_PARALLEL"),
        "ENDPOINT_METRICS",
    )
)
"""What the platform sets for llama.cpp by itself (its engine page in the documentation)."""
_TIMEOUTS_MIN: Final = range(15, 1441)
_MOST_REPLICAS: Final = 8
_HIGHEST_THRESHOLD: Final = 100
"""Bounds of the choice ``scaling_range=narrow``: made up, for none are published."""


def filled_in(declaration: Declaration, choices: Choices, history: History) -> Declaration:
    """Resolve the revision and the task as the API does at create; an unknown repository gets a derived commit.

    :raises InvalidError: a known repository has no such revision, or the choice is to refuse unknown ones.
    """
    wanted = declaration.model
    known = hub_models.MODELS.get(wanted.repository)
    revision = wanted.revision or "main"
    if known is not None:
        try:
            revision = history.resolve(known, revision)
        except MissingError as error:
            message = f"VALIDATION_FAILED: model.revision: {error}"
            raise InvalidError(message) from error
    elif choices.unknown_repository == "refused":
        message = f"VALIDATION_FAILED: model.repository: no such repository: {wanted.repository}"
        raise InvalidError(message)
    elif not hub_models.is_sha(revision):
        revision = hub_models.derived_sha(wanted.repository, revision)
    task = wanted.task or (known.task if known else "text-generation")
    if (revision, task) == (wanted.revision, wanted.task):
        return declaration
    return declaration.model_copy(update={"model": wanted.model_copy(update={"revision": revision, "task": task})})


def _instance(declaration: Declaration) -> hardware.Instance | None:
    compute, provider = declaration.compute, declaration.provider
    return hardware.find(
        provider.vendor, provider.region, compute.accelerator, compute.instance_type, compute.instance_size
    )


def same_instance(old: Declaration, new: Declaration) -> bool:
    """Whether both run on the same, known instance."""
    return _instance(old) is _instance(new) is not None


def price_per_hour(declaration: Declaration) -> float:
    """US dollars per replica and hour, from the price list."""
    instance = _instance(declaration)
    return instance.price_per_hour if instance else 0.0


def accelerators(declaration: Declaration) -> tuple[tuple[str, str], int]:
    """Give vendor and instance type, and how many accelerators one replica has."""
    instance = _instance(declaration)
    kind = (declaration.provider.vendor, declaration.compute.instance_type)
    return kind, instance.num_accelerators if instance else 0


def check_instance(declaration: Declaration, choices: Choices) -> None:
    """Refuse an instance that nobody rents, or nobody rents any more.

    :raises InstanceError: the text is a choice, none is published.
    """
    compute, provider = declaration.compute, declaration.provider
    instance = _instance(declaration)
    if instance is not None and instance.status not in hardware.UNDEPLOYABLE:
        return
    what = (
        f"{compute.accelerator} {compute.instance_type} {compute.instance_size} on {provider.vendor} {provider.region}"
    )
    reason = "unknown instance" if instance is None else f"instance is {instance.status}"
    raise InstanceError(choices.instance_text.replace("{reason}", reason).replace("{instance}", what))


def check(declaration: Declaration, choices: Choices) -> None:
    """Refuse what cannot be deployed whoever asks, by create as by update.

    :raises InvalidError: it cannot.
    """
    _check_parallel_sizes(declaration)
    _check_scaling(declaration, choices)
    _check_env(declaration, choices)


def check_name(declaration: Declaration, choices: Choices) -> None:
    """Refuse a name that begins or ends with a dash, if that is the choice.

    :raises InvalidError: it does.
    """
    if choices.name_edges == "alphanumeric" and declaration.name.strip("-") != declaration.name:
        message = "VALIDATION_FAILED: name: must begin and end with a letter or a digit"
        raise InvalidError(message)


def _check_scaling(declaration: Declaration, choices: Choices) -> None:
    """Refuse numbers of autoscaling that are out of bounds, if that is the choice.

    :raises InvalidError: one is.
    """
    if choices.scaling_range == "wide":
        return
    scaling = declaration.compute.scaling
    timeout, threshold = scaling.scale_to_zero_timeout, scaling.measure.threshold
    for key, value, fits in (
        ("scaleToZeroTimeout", timeout, timeout is None or timeout in _TIMEOUTS_MIN),
        ("maxReplica", scaling.max_replica, scaling.max_replica <= _MOST_REPLICAS),
        ("measure", threshold, threshold is None or 0 < threshold <= _HIGHEST_THRESHOLD),
    ):
        if not fits:
            message = f"VALIDATION_FAILED: compute.scaling.{key}: out of range: {value}"
            raise InvalidError(message)


def _check_env(declaration: Declaration, choices: Choices) -> None:
    """Refuse variables that are reserved by the platform, if that is the choice.

    :raises InvalidError: there is one.
    """
    variant, _ = declaration.model.image.variant
    reserved = sorted(RESERVED_ENV & declaration.model.env.keys()) if variant == "llamacpp" else []
    if reserved and choices.reserved_env == "refused":
        message = f"VALIDATION_FAILED: model.env: reserved by the system: {', '.join(reserved)}"
        raise InvalidError(message)


def _check_parallel_sizes(declaration: Declaration) -> None:
    """Refuse vLLM and SGLang on several accelerators without sizes (huggingface_hub issue 4661).

    That the product must equal the count is guessed.

    :raises InvalidError: they are missing, or do not fit the instance.
    """
    variant, image = declaration.model.image.variant
    instance = _instance(declaration)
    if variant not in {"vLLM", "vLLMOmni", "sGLang"} or instance is None or declaration.compute.accelerator == "cpu":
        return
    tensor, data = getattr(image, "tensor_parallel_size", None), getattr(image, "data_parallel_size", None)
    if instance.num_accelerators == 1 and tensor is None and data is None:
        return
    if (tensor is None and data is None) or (tensor or 1) * (data or 1) != instance.num_accelerators:
        message = (
            f"VALIDATION_FAILED: model.image.{variant}: tensorParallelSize x dataParallelSize must equal the "
            f"{instance.num_accelerators} accelerators of {instance.instance_type} {instance.instance_size}"
        )
        raise InvalidError(message)
