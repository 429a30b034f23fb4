from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.lifecycle import Meeting, holds, is_leftover, may_delete, meet, next_inputs, plan, stored
from hf_endpoints.core.naming import tags_with
from hf_endpoints.core.state import Inputs
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import CREATED_AT, NAMESPACE, OWNER, REMOVED, at, inputs, merged, seen, state, tree

ELSEWHERE = {"provider": {"region": "eu-west-1"}}
SERVICE = {"account_id": "123456789012", "region": "us-east-1"}
TGI = {"tgi": {"url": "ghcr.io/tgi:3"}}


def again(given: Inputs, remembered: int | None, **changes: Any) -> Inputs:
    """The second check of a replacement: the engine asks without the old inputs."""
    return next_inputs(None, NAMESPACE, OWNER, tree(**changes), given.generation if remembered is None else remembered)


class TestNamesAndGenerations:
    def test_a_first_endpoint_is_of_the_first_generation(self) -> None:
        """Its name is made of the owner, and a retry asks for the same."""
        assert inputs().generation == 1
        assert inputs() == inputs()

    def test_an_edited_retry_asks_for_the_same_name(self) -> None:
        """A create that was killed left no state, and the declaration may have been edited in between."""
        assert inputs().endpoint_name == inputs(type="public", **ELSEWHERE).endpoint_name

    @pytest.mark.parametrize(
        "edit", [{"type": "public"}, {"wait": False}, {"tags": ["a"]}, at("compute.instance_size", "x2"), {}]
    )
    def test_an_edit_in_place_keeps_name_and_generation(self, edit: dict[str, Any]) -> None:
        """It is the same endpoint."""
        old, new = inputs(), inputs(inputs(), **edit)
        assert (old.generation, old.endpoint_name) == (new.generation, new.endpoint_name)

    @pytest.mark.parametrize(
        "edit",
        [
            ELSEWHERE,
            {"replace_trigger": "1"},
            {"private_service": SERVICE},
            at("compute.accelerator", "gpu"),
            at("model.image", TGI),
        ],
    )
    def test_a_replacement_has_the_next_generation_and_a_free_name(self, edit: dict[str, Any]) -> None:
        """Successor and predecessor stand side by side."""
        old, new = inputs(), inputs(inputs(), **edit)
        assert new.generation == 2
        assert old.endpoint_name != new.endpoint_name

    def test_the_second_check_of_a_replacement_decides_as_the_first(self) -> None:
        """The engine asks again without the old inputs; what the first decided is remembered."""
        first = inputs(inputs(), **ELSEWHERE)
        assert first == again(first, None, **ELSEWHERE)

    def test_there_and_back_and_there_never_reuses_a_name(self) -> None:
        """A → B → A is two replacements, and each endpoint has a name of its own."""
        a = inputs()
        b = inputs(a, **ELSEWHERE)
        c = inputs(b)
        assert [a.generation, b.generation, c.generation] == [1, 2, 3]
        assert len({a.endpoint_name, b.endpoint_name, c.endpoint_name}) == 3

    def test_giving_up_a_replacement_is_no_edit(self) -> None:
        """The state still holds A: the declaration of A again needs nothing."""
        assert plan(inputs(), inputs(inputs())).is_empty

    def test_a_remembered_generation_does_not_count_beside_a_state(self) -> None:
        """What the engine gives is newer than what the process remembers."""
        assert next_inputs(inputs(), NAMESPACE, OWNER, tree(), 7).generation == 1

    def test_a_given_name_is_used_as_it_is(self) -> None:
        """In every generation."""
        old = inputs(name="falcon")
        assert [old.endpoint_name, inputs(old, name="falcon", **ELSEWHERE).endpoint_name] == ["falcon"] * 2

    def test_a_new_given_name_is_a_replacement(self) -> None:
        """The API cannot rename."""
        old, new = inputs(name="falcon"), inputs(inputs(name="falcon"), name="eagle")
        assert (new.endpoint_name, new.generation) == ("eagle", 2)
        assert plan(old, new).replaces == ("name", "endpoint_name")

    def test_taking_a_given_name_out_is_a_replacement(self) -> None:
        """The automatic name is another, and of a generation that was not used."""
        old = inputs(name="falcon")
        new = inputs(old)
        assert new.generation == 2
        assert new.endpoint_name != "falcon"
        assert plan(old, new).replaces == ("endpoint_name",)

    def test_writing_down_the_name_that_it_has_changes_nothing(self) -> None:
        """The endpoint stays."""
        old = inputs()
        assert plan(old, inputs(old, name=old.endpoint_name)).is_empty

    def test_taking_the_written_down_name_out_again_is_a_replacement(self) -> None:
        """It was a given name, wherever it came from: the successor has a free one."""
        old = inputs(name=inputs().endpoint_name)
        assert old.endpoint_name != inputs(old).endpoint_name

    def test_a_name_not_known_yet_is_a_replacement(self) -> None:
        """In doubt the preview shows it."""
        old = inputs()
        assert plan(old, inputs(old, name=UNKNOWN)).replaces == ("endpoint_name",)

    def test_another_namespace_is_a_replacement(self) -> None:
        """An endpoint cannot move."""
        old = inputs()
        new = next_inputs(old, "other", OWNER, tree())
        assert new.generation == 2
        assert "namespace" in plan(old, new).replaces


class TestPlan:
    def test_tells_the_engine_which_properties_replace(self) -> None:
        """Once each, by their first step, beside the name that follows from them."""
        old = inputs()
        new = inputs(old, provider={"vendor": "gcp", "region": "us-east4"}, replace_trigger="1")
        assert plan(old, new).replaces == ("provider", "replace_trigger", "endpoint_name")

    def test_creates_first_where_the_names_differ(self) -> None:
        """The predecessor serves until its successor does."""
        old = inputs()
        assert not plan(old, inputs(old, **ELSEWHERE)).delete_first

    def test_deletes_first_where_the_name_is_given(self) -> None:
        """Two endpoints cannot have one name."""
        old = inputs(name="falcon")
        assert plan(old, inputs(old, name="falcon", **ELSEWHERE)).delete_first

    def test_creates_first_under_a_given_name_elsewhere(self) -> None:
        """The same name in another namespace is free."""
        old = inputs(name="falcon")
        assert not plan(old, next_inputs(old, "other", OWNER, tree(name="falcon"))).delete_first

    @pytest.mark.parametrize("edit", [{"wait": False}, {"timeouts": {"settle": 5}}, {}])
    def test_is_empty_when_nothing_has_to_be_called(self, edit: dict[str, Any]) -> None:
        """What is kept by this tool alone is no change on its own."""
        assert plan(inputs(), inputs(inputs(), **edit)).is_empty

    def test_is_not_empty_for_an_update(self) -> None:
        """Nor does it replace anything."""
        edit = plan(inputs(), inputs(inputs(), type="public"))
        assert (edit.is_empty, edit.replaces) == (False, ())

    def test_is_not_empty_for_a_new_owner(self) -> None:
        """A renamed or moved resource writes its owner on the endpoint, in place."""
        old = inputs()
        edit = plan(old, next_inputs(old, NAMESPACE, "shop/dev/eagle", tree()))
        assert (edit.is_empty, edit.replaces, edit.owner_changed) == (False, (), True)


def met(
    declared: dict[str, Any] | None = None,
    *,
    claim: str = "mine",
    deleted_by_us: bool = False,
    retained: bool = False,
    **answered: Any,
) -> Meeting:
    found, wanted = seen(**answered), inputs(**(declared or {}))
    return meet(found, wanted, claim, deleted_by_us=deleted_by_us, retained=retained)


class TestMeeting:
    def test_our_claim_means_that_the_answer_was_lost(self) -> None:
        """Whatever it looks like: this very call made it."""
        assert Meeting.OURS_FROM_THIS_CALL is met(claim="c0ffee")
        assert Meeting.OURS_FROM_THIS_CALL is met(claim="c0ffee", deleted_by_us=True, status={"state": "failed"})

    @pytest.mark.parametrize("tags", [[], ["team-a"], tags_with([], "shop/prod/falcon", "x"), ["pulumi-claim:x"]])
    def test_an_endpoint_of_somebody_else_is_refused(self, tags: list[str]) -> None:
        """Another stack's, one made by hand, one that lost its owner."""
        assert Meeting.REFUSE is met(tags=tags)

    def test_one_that_we_deleted_is_waited_for(self) -> None:
        """Its name comes free."""
        assert Meeting.LEAVING is met(deleted_by_us=True)
        assert Meeting.LEAVING is met(deleted_by_us=True, tags=[])

    @pytest.mark.parametrize(
        "state", ["pending", "initializing", "running", "paused", "scaledToZero", "updateFailed", "updating"]
    )
    def test_our_owners_is_taken_over(self, state: str) -> None:
        """A create that was killed made it, or a forced replacement meets its predecessor."""
        assert Meeting.TAKE_OVER is met(status={"state": state})

    @pytest.mark.parametrize(
        ("declared", "answered"),
        [
            ({}, {"type": "public"}),
            ({}, at("model.repository", "other")),
            ({}, at("compute.instanceSize", "x8")),
            ({}, {"model": {"env": {"A": "1"}}}),
            ({"replace_trigger": "1"}, {}),
            (at("model.image", TGI), at("model.image", {"huggingface": REMOVED, "tgi": {"url": "other", "port": 80}})),
            ({"private_service": SERVICE}, {"privateService": {"accountId": "123456789012", "region": "us-east-1"}}),
        ],
    )
    def test_our_owners_is_taken_over_where_an_update_can_bring_it_up(
        self, declared: dict[str, Any], answered: dict[str, Any]
    ) -> None:
        """The declaration was edited after the create was killed."""
        assert Meeting.TAKE_OVER is met(declared, **answered)

    @pytest.mark.parametrize(
        ("declared", "answered"),
        [
            ({}, at("provider.region", "eu-west-1")),
            ({}, at("provider.vendor", "gcp")),
            ({}, at("compute.accelerator", "gpu")),
            ({}, at("model.image", {"huggingface": REMOVED, **TGI})),
            (at("model.image", TGI), {}),
            (at("model.image", TGI), at("model.image", {"huggingface": REMOVED, "custom": {"url": "x"}})),
            (at("model.image", TGI), at("model.image", {"huggingface": REMOVED, "vLLM": {"url": "x"}})),
            ({"private_service": SERVICE}, {}),
            ({}, {"privateService": {"accountId": "123456789012", "region": "us-east-1"}}),
            ({"private_service": SERVICE}, {"privateService": {"accountId": "123456789012", "region": "eu-west-1"}}),
        ],
    )
    def test_our_owners_is_made_anew_where_no_update_can_bring_it_up(
        self, declared: dict[str, Any], answered: dict[str, Any]
    ) -> None:
        """What needs a replacement needs it here too."""
        assert Meeting.RECREATE is met(declared, **answered)

    def test_our_owners_that_failed_is_made_anew(self) -> None:
        """It never served."""
        assert Meeting.RECREATE is met(status={"state": "failed"})

    @pytest.mark.parametrize("answered", [{"status": {"state": "failed"}}, at("provider.region", "eu-west-1")])
    def test_our_owners_that_is_to_stay_is_refused_and_not_made_anew(self, answered: dict[str, Any]) -> None:
        """`retain_on_delete` keeps it; one that can be brought up is taken over all the same."""
        assert Meeting.REFUSE is met(retained=True, **answered)
        assert Meeting.TAKE_OVER is met(retained=True)

    @pytest.mark.parametrize(
        ("declared", "answered"),
        [
            ({"private_service": SERVICE}, {}),
            ({}, {"privateService": {"accountId": "123456789012", "region": "us-east-1"}}),
        ],
    )
    def test_none_is_adopted_that_is_more_public_or_more_private_than_declared(
        self, declared: dict[str, Any], answered: dict[str, Any]
    ) -> None:
        """No update changes it; one that is as declared is adopted."""
        adopting: dict[str, Any] = {"adopt": True, "name": "falcon"}
        assert Meeting.REFUSE is met({**adopting, **declared}, tags=[], **answered)
        assert Meeting.TAKE_OVER is met(adopting, tags=[])


class TestIsLeftover:
    @pytest.mark.parametrize(
        ("owner", "created", "expected"),
        [
            (OWNER, "2026-11-23T10:00:01Z", True),
            (OWNER, "2026-11-23T10:00:00.12Z", True),
            (OWNER, "2026-11-23T10:00:00.1Z", False),
            (OWNER, "2026-11-23T10:00:00.09Z", False),
            (OWNER, "2026-11-23T09:59:59.999Z", False),
            ("shop/prod/falcon", "2026-11-23T10:00:01Z", False),
            (None, "2026-11-23T10:00:01Z", False),
        ],
    )
    def test_is_one_of_our_owner_that_is_younger(self, owner: str | None, created: str, *, expected: bool) -> None:
        """Anything else may be held by an entry of some state, and would be deleted."""
        current = seen(status={"createdAt": "2026-11-23T10:00:00.1Z"})
        tags = [] if owner is None else tags_with([], owner, "x")
        assert expected is is_leftover(seen(tags=tags, status={"createdAt": created}), current, OWNER)


OTHER_TIME = {"createdAt": "2030-01-01T00:00:00Z"}


class TestHolds:
    @pytest.mark.parametrize(
        "answered",
        [
            {},
            {"status": OTHER_TIME},
            {"tags": tags_with([], "shop/dev/older", "c0ffee")},
            {"tags": tags_with([], OWNER, "later")},
            {"tags": []},
        ],
    )
    def test_what_is_ours(self, answered: dict[str, Any]) -> None:
        """By its claim whatever else it says; taken over by a create of ours that was killed; without its tags."""
        assert holds(state("c0ffee"), seen(**answered))

    @pytest.mark.parametrize(
        "answered",
        [
            {"tags": tags_with([], "shop/prod/falcon", "theirs")},
            {"tags": tags_with([], OWNER, "later"), "status": OTHER_TIME},
            {"tags": [], "status": OTHER_TIME},
        ],
    )
    def test_what_is_not_ours_any_more(self, answered: dict[str, Any]) -> None:
        """Adopted by another stack; made anew, by another backend or by hand."""
        assert not holds(state("c0ffee"), seen(**answered))


class TestMayDelete:
    def test_the_one_that_carries_our_claim(self) -> None:
        """Also when the API gives another time of creation."""
        assert may_delete(seen(status={"createdAt": "2030-01-01T00:00:00Z"}), state("c0ffee"))

    def test_not_the_one_that_carries_another_claim(self) -> None:
        """A later entry has taken it over, even if the time of creation is ours."""
        assert not may_delete(seen(tags=tags_with([], OWNER, "later")), state("c0ffee"))

    def test_without_a_claim_the_one_created_then(self) -> None:
        """Somebody rewrote its tags."""
        assert may_delete(seen(tags=["theirs"]), state("c0ffee"))

    def test_without_a_claim_not_one_created_at_another_time(self) -> None:
        """Somebody made a new one under our name."""
        assert not may_delete(seen(tags=[], status={"createdAt": "2030-01-01T00:00:00Z"}), state("c0ffee"))

    def test_the_owner_does_not_matter(self) -> None:
        """A renamed resource still deletes what it made."""
        assert may_delete(seen(tags=tags_with([], "shop/dev/older", "c0ffee")), state("c0ffee"))


def test_what_is_stored_is_inputs_claim_and_creation() -> None:
    """And nothing else of what was seen."""
    bag = stored(inputs(), seen(type="public"), "mine")
    assert {**inputs().to_props(), "claim": "mine", "created_at": CREATED_AT} == bag


def test_an_edit_does_not_change_what_it_compares() -> None:
    """Inputs are values."""
    old, new = inputs(), inputs(type="public")
    plan(old, new)
    assert (inputs(), merged(inputs().tree, {"type": "public"})) == (old, new.tree)
