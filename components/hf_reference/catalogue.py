"""JSON of what can be had: instances with prices and quotas, and the Hub's model info and commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hf_reference import hardware, hub_models
from hf_reference.clock import rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.hub_history import Commit
    from hf_reference.hub_models import HubModel
    from hf_reference.wire import Json


def render_vendors(quota: Callable[[str, str], int], used: Callable[[str, str], int]) -> Json:
    """Render ``Vendors``: the price list, with numbers of accelerators by vendor and instance type."""
    vendors = []
    for vendor, regions in hardware.REGIONS.items():
        rendered = [
            {
                "name": region,
                "label": label,
                "status": "available",
                "computes": [
                    _compute(row, quota(vendor, row.instance_type), used(vendor, row.instance_type))
                    for row in hardware.INSTANCES
                    if (row.vendor, row.region) == (vendor, region)
                ],
            }
            for region, label in regions.items()
        ]
        vendors.append({"name": vendor, "status": "available", "regions": rendered})
    return {"vendors": vendors}


def _compute(row: hardware.Instance, maximum: int, used: int) -> Json:
    wire: Json = {
        "id": row.id,
        "accelerator": row.accelerator,
        "numAccelerators": row.num_accelerators,
        "memoryGb": row.memory_gb,
        "gpuMemoryGb": row.gpu_memory_gb,
        "instanceType": row.instance_type,
        "instanceSize": row.instance_size,
        "architecture": row.architecture,
        "status": row.status,
        "pricePerHour": row.price_per_hour,
        "quota": {"maxAccelerators": maximum, "usedAccelerators": used},
    }
    if row.num_cpus is not None:
        wire["numCpus"] = row.num_cpus
    return wire


def render_quotas(quota: Callable[[str, str], int], used: Callable[[str, str], int]) -> Json:
    """Render the answer of ``/v2/provider/quotas/{namespace}``: one entry per vendor and instance type."""
    kinds = {(row.vendor, row.instance_type): row.architecture for row in hardware.INSTANCES}
    return {
        "vendors": [
            {
                "name": vendor,
                "quotas": [
                    {
                        "instanceType": kind,
                        "architecture": architecture,
                        "maxAccelerators": quota(vendor, kind),
                        "usedAccelerators": used(vendor, kind),
                    }
                    for (owner, kind), architecture in kinds.items()
                    if owner == vendor
                ],
            }
            for vendor in hardware.REGIONS
        ]
    }


def render_hub_model(model: HubModel, sha: str, *, blobs: bool) -> Json:
    """Render the Hub's model info for one commit; sizes of files only when ``blobs`` was asked for."""
    wire: Json = {
        "_id": hub_models.derived_sha(model.repository, "id")[:24],
        "id": model.repository,
        "modelId": model.repository,
        "sha": sha,
        "private": model.private,
        "gated": model.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "library_name": model.library,
        "pipeline_tag": model.task,
        "tags": [model.library, model.task],
        "siblings": [
            {"rfilename": name, "size": size} if blobs else {"rfilename": name} for name, size in model.files.items()
        ],
    }
    if model.parameters is not None:
        wire["safetensors"] = {"parameters": model.parameters, "total": sum(model.parameters.values())}
    if model.gguf_total is not None:
        wire["gguf"] = {"total": model.gguf_total}
    return wire


def render_commit(commit: Commit) -> Json:
    """Render an entry of the list of commits, as huggingface_hub 2.4.0 and @huggingface/hub 2.4 read it."""
    return {
        "id": commit.id,
        "title": commit.title,
        "message": "",
        "authors": [{"user": "system", "avatar": ""}],
        "date": rfc3339(commit.at),
    }
