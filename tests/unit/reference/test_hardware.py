from __future__ import annotations

import pytest

from hf_reference import hardware
from hf_reference.errors import MissingError
from hf_reference.hub_models import MODELS, is_sha


def test_every_row_has_an_id_of_its_own_in_a_known_region() -> None:
    """And a quota, so that no instance is out of reach by oversight."""
    ids = [row.id for row in hardware.INSTANCES]
    assert len(ids) == len(set(ids))
    for row in hardware.INSTANCES:
        assert row.region in hardware.REGIONS[row.vendor]
        assert (row.vendor, row.instance_type) in hardware.QUOTAS
        assert row.price_per_hour > 0


def test_a_row_is_found_by_all_of_its_five_names() -> None:
    """A published row, with its published price."""
    row = hardware.find("aws", "us-east-1", "gpu", "nvidia-a10g", "x1")
    assert row is not None
    assert (row.id, row.price_per_hour, row.gpu_memory_gb) == ("aws-us-east-1-nvidia-a10g-x1", 1.0, 24)
    assert hardware.find("aws", "us-east-1", "cpu", "nvidia-a10g", "x1") is None


def test_the_default_quotas_hold_a_small_and_a_large_model() -> None:
    """Falcon-7B on one A10G, Falcon-40B on one A100 and a CPU beside them fit."""
    quotas = hardware.QUOTAS
    assert min(quotas["aws", "nvidia-a10g"], quotas["aws", "nvidia-a100"], quotas["aws", "intel-spr"]) >= 1


@pytest.mark.parametrize("repository", sorted(MODELS))
def test_a_known_model_resolves_branch_tag_and_commit(repository: str) -> None:
    """To forty hex digits each, the branch and the tag to different ones; anything else is missing."""
    model = MODELS[repository]
    main, tag = model.resolve("main"), model.resolve(model.tags[0])
    assert is_sha(main)
    assert is_sha(tag)
    assert main != tag
    assert main == model.resolve(main)
    with pytest.raises(MissingError, match="no-such-branch"):
        model.resolve("no-such-branch")
