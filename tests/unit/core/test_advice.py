from __future__ import annotations

from hf_endpoints.core.advice import advice


def test_the_reason_in_the_log_comes_first_and_more_of_the_log_last() -> None:
    """Whatever the framework calls it."""
    for line in ("torch.OutOfMemoryError: CUDA out of memory", "OOMKilled"):
        first, *_, last = advice("failed: Endpoint failed to start", ["Loading", line], "acme/falcon")
        assert "larger compute.instance_size" in first
        assert last == "'hf-endpoints logs acme/falcon' shows more of the log"


def test_a_container_that_may_not_read_the_repository_needs_a_token() -> None:
    """The commonest failure of gated models."""
    [first, *_] = advice("failed", ["403 Client Error: you are not in the authorized list"], "acme/falcon")
    assert "HF_TOKEN in model.secrets" in first


def test_a_failed_update_and_a_failed_start_are_left_by_different_ways() -> None:
    """After an update there is a version before."""
    [update, _] = advice("updateFailed: Endpoint failed to update", [], "acme/falcon")
    [start, _] = advice("failed: Endpoint failed to start", [], "acme/falcon")
    assert "take it back" in update
    assert "replace_trigger" in start


def test_a_wait_that_was_too_short_is_not_a_declaration_to_correct() -> None:
    """It says where to give more time."""
    [longer, _] = advice("does not serve after 30.0 min; 'pulumi up' goes on waiting", [], "acme/falcon")
    assert "timeouts.settle" in longer
    assert "correct" not in longer
