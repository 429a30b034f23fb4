from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.naming import Ownership, tags_with
from hf_endpoints.core.plan import Kind, changes_between, drift_between
from hf_endpoints.core.wire import parse_endpoint, refreshed_tree, render_create, render_take_over, render_update
from tests.support.builders import (
    CREATED_AT,
    NAMESPACE,
    OWNER,
    REMOVED,
    SECRET,
    answer,
    at,
    edited,
    inputs,
    merged,
    seen,
    tree,
)

CLAIM = "c0ffee"
SERVICE = {"account_id": "123456789012", "region": "us-east-1"}
TGI = {"tgi": {"url": "ghcr.io/tgi:3", "port": 80, "max_input_length": 1000}}


def update(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return render_update(edited(before, after), inputs(**after), CLAIM)


class TestCreate:
    def test_sends_the_declaration_in_the_apis_words(self) -> None:
        """Everything that has a value, defaults included, and nothing else."""
        wanted = {
            "name": inputs().endpoint_name,
            "type": "authenticated",
            "model": {"repository": "gpt2", "framework": "pytorch", "image": {"huggingface": {}}},
            "compute": {
                "accelerator": "cpu",
                "instanceType": "intel-spr",
                "instanceSize": "x1",
                "scaling": {"minReplica": 1, "maxReplica": 1},
            },
            "provider": {"vendor": "aws", "region": "us-east-1"},
            "tags": [f"pulumi-owner:{OWNER}", f"pulumi-claim:{CLAIM}"],
        }
        assert wanted == render_create(inputs(), CLAIM)

    def test_keeps_local_fields_to_ourselves(self) -> None:
        """What this tool keeps is no key of the API's."""
        local = {"wait": False, "timeouts": {"settle": 5}, "replace_trigger": "1"}
        assert render_create(inputs(), CLAIM) == render_create(inputs(**local), CLAIM)

    def test_sends_a_given_name_as_the_name(self) -> None:
        """Once, at the top."""
        assert render_create(inputs(name="falcon"), CLAIM)["name"] == "falcon"

    def test_sends_secrets_and_credentials(self) -> None:
        """They are write-only, not left out."""
        credentials = {"username": "bob", "password": SECRET}
        image = {"custom": {"url": "x", "health_route": "/ok", "credentials": credentials}}
        model = render_create(inputs(model={"secrets": {"TOKEN": SECRET}, "image": image}), CLAIM)["model"]
        assert model["secrets"] == {"TOKEN": SECRET}
        assert {"custom": {"url": "x", "healthRoute": "/ok", "credentials": credentials}} == model["image"]

    def test_sends_a_private_service(self) -> None:
        """In camelCase; what was left out stays out."""
        body = render_create(inputs(private_service=SERVICE), CLAIM)
        assert body["privateService"] == {"accountId": "123456789012", "region": "us-east-1"}

    def test_leaves_keys_of_maps_alone(self) -> None:
        """Names of variables are the user's, not fields."""
        body = render_create(inputs(model={"env": {"my_var": "1", "MY_VAR": "2"}}), CLAIM)
        assert body["model"]["env"] == {"my_var": "1", "MY_VAR": "2"}

    def test_puts_the_users_tags_first(self) -> None:
        """Ours follow."""
        assert tags_with(["b", "a"], OWNER, CLAIM) == render_create(inputs(tags=["b", "a"]), CLAIM)["tags"]

    def test_does_not_change_the_inputs(self) -> None:
        """They are stored afterwards."""
        given = inputs(tags=["a"], model={"env": {"A": "1"}})
        before = inputs(tags=["a"], model={"env": {"A": "1"}})
        render_create(given, CLAIM)
        assert before == given


class TestUpdate:
    @pytest.mark.parametrize(
        ("before", "after", "body"),
        [
            ({}, {"type": "public"}, {"type": "public"}),
            ({}, at("compute.scaling.max_replica", 3), {"compute": {"scaling": {"maxReplica": 3}}}),
            ({}, at("compute.instance_size", "x2"), {"compute": {"instanceSize": "x2"}}),
            ({}, at("model.task", "fill-mask"), {"model": {"task": "fill-mask"}}),
            ({}, at("model.revision", "v1.0"), {"model": {"revision": "v1.0"}}),
        ],
    )
    def test_sends_only_what_changed(self, before: dict[str, Any], after: dict[str, Any], body: dict[str, Any]) -> None:
        """An edit of one field is a body of one field, so that nothing else can be undone."""
        assert body == update(before, after)

    @pytest.mark.parametrize(
        ("path", "before", "after"),
        [
            ("model.env", {"A": "1", "B": "2"}, {"A": "1", "B": "3"}),
            ("model.secrets", {"A": "1", "B": "2"}, {"A": "1"}),
            ("model.args", ["--a", "--b"], ["--a", "--c"]),
            ("model.command", ["a", "b"], ["a"]),
        ],
    )
    def test_sends_maps_and_lists_whole(self, path: str, before: Any, after: Any) -> None:
        """The API replaces them, so what is unchanged in them goes along."""
        assert at(path, after) == update(at(path, before), at(path, after))

    def test_sends_the_image_whole(self) -> None:
        """An edit of the port sends the URL and the limits too."""
        after = merged(TGI, at("tgi.port", 8080))
        sent = {"url": "ghcr.io/tgi:3", "port": 8080, "maxInputLength": 1000}
        assert {"model": {"image": {"tgi": sent}}} == update({"model": {"image": TGI}}, {"model": {"image": after}})

    def test_sends_an_image_without_what_left_it(self) -> None:
        """A port that was taken out is not in the whole image."""
        after = merged(TGI, at("tgi.port", REMOVED))
        sent = {"url": "ghcr.io/tgi:3", "maxInputLength": 1000}
        assert {"model": {"image": {"tgi": sent}}} == update({"model": {"image": TGI}}, {"model": {"image": after}})

    @pytest.mark.parametrize("inner", [{"port": 80}, {"env": {"A": "1"}}], ids=str)
    def test_sends_a_router_with_the_defaults_of_what_left_it(self, inner: dict[str, Any]) -> None:
        """Whether the API merges a router or replaces it is not known: nothing of the old one is to stay."""
        before, after = {"custom_router": {"tag": "a/b:1", **inner}}, {"custom_router": {"tag": "a/b:1"}}
        assert update(before, after) == {"customRouter": {"tag": "a/b:1", "env": {}, "port": 3000}}

    def test_sends_the_credentials_with_the_image(self) -> None:
        """The API replaces the image whole, so a new tag without them would lose the registry."""
        image = {"custom": {"url": "x:1", "credentials": {"username": "bob", "password": SECRET}}}
        after = merged(image, at("custom.url", "x:2"))
        assert {"model": {"image": after}} == update({"model": {"image": image}}, {"model": {"image": after}})

    @pytest.mark.parametrize(
        ("declared", "sent"),
        [
            ({"revision": "v1.0", "task": "fill-mask"}, {"revision": "v1.0", "task": "fill-mask"}),
            ({}, {"revision": "main"}),
        ],
    )
    def test_another_repository_takes_revision_and_task_along(
        self, declared: dict[str, Any], sent: dict[str, Any]
    ) -> None:
        """A revision of the old repository means nothing in the new one; without one its default branch is meant."""
        after = {"model": {"repository": "other/model", **declared}}
        assert {"model": {"repository": "other/model", **sent}} == update({"model": declared}, after)

    @pytest.mark.parametrize(
        ("before", "body"),
        [
            (at("model.env", {"A": "1"}), {"model": {"env": {}}}),
            (at("model.secrets", {"A": "1"}), {"model": {"secrets": {}}}),
            (at("model.args", ["--a"]), {"model": {"args": []}}),
            (at("model.command", ["a"]), {"model": {"command": []}}),
            (at("model.revision", "v1.0"), {"model": {"revision": "main"}}),
        ],
    )
    def test_clears_what_was_taken_out(self, before: dict[str, Any], body: dict[str, Any]) -> None:
        """With the value that the API reads as "back to the default"."""
        assert body == update(before, {})

    def test_clears_the_time_out_when_scaling_to_zero_ends(self) -> None:
        """A time-out that stayed would be one that no declaration can show."""
        before = {"compute": {"scaling": {"min_replica": 0, "scale_to_zero_timeout": 15}}}
        assert update(before, {}) == {"compute": {"scaling": {"minReplica": 1, "scaleToZeroTimeout": None}}}

    def test_sends_our_tags_with_the_users(self) -> None:
        """The API replaces the list whole, so an edit of a tag would lose the owner."""
        assert {"tags": tags_with(["b"], OWNER, CLAIM)} == update({"tags": ["a"]}, {"tags": ["b"]})
        assert {"tags": tags_with([], OWNER, CLAIM)} == update({"tags": ["a"]}, {})

    def test_sends_the_tags_for_a_new_owner(self) -> None:
        """A resource that moved writes its new owner on the endpoint."""
        assert {"tags": tags_with(["a"], OWNER, CLAIM)} == render_update((), inputs(tags=["a"]), CLAIM, found=seen())

    @pytest.mark.parametrize("local", [{"wait": False}, {"timeouts": {"settle": 5}}, {"name": inputs().endpoint_name}])
    def test_is_empty_when_only_local_fields_changed(self, local: dict[str, Any]) -> None:
        """There is nothing to call for."""
        assert update({}, local) == {}

    def test_never_carries_what_needs_a_replacement(self) -> None:
        """The API would drop it in silence."""
        assert (
            update({}, {"provider": {"region": "eu-west-1"}, "private_service": SERVICE, "replace_trigger": "1"}) == {}
        )

    def test_does_not_share_what_clears(self) -> None:
        """Two bodies are two objects: filling one leaves the next empty."""
        update(at("model.env", {"A": "1"}), {})["model"]["env"]["B"] = "2"
        assert update(at("model.env", {"A": "1"}), {}) == {"model": {"env": {}}}


class TestTakeOver:
    def test_says_all_that_is_declared_and_clears_what_is_there_besides(self) -> None:
        """Values from an older declaration do not stay; secrets cannot be seen, so they are cleared unseen."""
        there = seen(
            model={"revision": "v1.0", "args": ["--old"], "env": {"OLD": "1"}}, route={"domain": "d", "path": "/"}
        )
        body = render_take_over(inputs(tags=["a"], model={"env": {"A": "1"}}), CLAIM, there)
        wanted = {
            "type": "authenticated",
            "tags": tags_with(["a"], OWNER, CLAIM),
            "model": {
                "repository": "gpt2",
                "revision": "main",
                "framework": "pytorch",
                "image": {"huggingface": {}},
                "env": {"A": "1"},
                "secrets": {},
                "args": [],
            },
            "compute": {
                "instanceType": "intel-spr",
                "instanceSize": "x1",
                "scaling": {"minReplica": 1, "maxReplica": 1},
            },
            "route": None,
        }
        assert wanted == body

    def test_sends_the_image_as_declared(self) -> None:
        """Whole, with its credentials."""
        image = {"custom": {"url": "x", "credentials": {"username": "bob", "password": SECRET}}}
        assert image == render_take_over(inputs(model={"image": image}), CLAIM, seen())["model"]["image"]


class TestParse:
    def test_reads_an_answer(self) -> None:
        """The parts that decisions need."""
        found = seen(tags=["a", *tags_with([], OWNER, CLAIM)])
        assert found.name == "falcon-12345678"
        assert (found.state, found.message) == ("running", "Endpoint is ready")
        assert found.created_at == CREATED_AT
        assert found.url == "https://xyz.us-east-1.aws.endpoints.huggingface.cloud"
        assert (found.health_route, found.service_name) == ("/health", None)
        assert Ownership(OWNER, CLAIM) == found.ownership

    def test_reads_the_declared_shape(self) -> None:
        """The tree has a spec's names and the user's own tags."""
        found = seen(tags=["a", *tags_with([], OWNER, CLAIM)], privateService={"accountId": "1", "region": "eu-west-1"})
        assert found.tree["compute"]["scaling"] == {"min_replica": 1, "max_replica": 1}
        assert found.tree["private_service"] == {"account_id": "1", "region": "eu-west-1"}
        assert found.tree["tags"] == ["a"]

    def test_reads_back_what_a_create_sent(self) -> None:
        """A declaration that was applied and answered as it was sent has no drift."""
        declared = inputs(tags=["a"], model={"env": {"my_var": "1"}, "image": TGI}, private_service=SERVICE)
        found = parse_endpoint({**answer(), **render_create(declared, CLAIM)})
        assert drift_between(declared.tree, found.tree) == ()
        changes = changes_between(found.tree, tree_without_local(declared.tree))
        assert {Kind.LOCAL} >= {change.kind for change in changes}

    @pytest.mark.parametrize(
        "sent",
        [
            {"tags": None, "privateService": None, "route": None, "healthRoute": None},
            {"tags": REMOVED, "privateService": REMOVED, "route": REMOVED, "healthRoute": REMOVED},
            {"status": {"url": REMOVED, "private": REMOVED, "message": REMOVED}},
            {"compute": {"scaling": REMOVED}, "model": {"image": None}},
            {"network": {"new": 1}, "model": {"somethingNew": [1]}, "status": {"state": "hibernating"}},
        ],
    )
    def test_bears_what_may_be_missing_or_new(self, sent: dict[str, Any]) -> None:
        """Null, absent and unknown keys, and a status of tomorrow."""
        assert seen(**sent).name == "falcon-12345678"

    def test_gives_a_health_route_always(self) -> None:
        """The API's default where it says none."""
        assert seen(healthRoute=None).health_route == "/health"

    def test_prefers_the_reason_of_a_failure(self) -> None:
        """``errorMessage`` says more than ``message``."""
        found = seen(status={"state": "failed", "message": "Endpoint failed to start", "errorMessage": "out of memory"})
        assert found.message == "out of memory"

    def test_reads_the_service_name_of_a_private_endpoint(self) -> None:
        """Null for the first minutes."""
        assert None is seen(status={"private": {"serviceName": None}}).service_name
        assert seen(status={"private": {"serviceName": "vpce-1"}}).service_name == "vpce-1"

    def test_never_reads_what_is_write_only(self) -> None:
        """Names of secrets and blanked credentials are no observation."""
        blank = {"custom": {"url": "x", "credentials": {"username": "", "password": None}}, "huggingface": REMOVED}
        found = seen(model={"secrets": {"TOKEN": None}, "image": blank})
        assert "secrets" not in found.tree["model"]
        assert found.tree["model"]["image"] == {"custom": {"url": "x"}}


class TestRefreshed:
    def test_takes_up_what_drifted(self) -> None:
        """The next preview shows the way back, field by field."""
        applied = tree(model={"env": {"A": "1"}, "secrets": {"TOKEN": SECRET}}, tags=["a"])
        observed = seen(type="public", tags=["a"], model={"env": {"A": "2"}}).tree
        refreshed = refreshed_tree(applied, drift_between(applied, observed))
        assert merged(applied, {"type": "public", "model": {"env": {"A": "2"}}}) == refreshed

    def test_drops_what_was_cleared(self) -> None:
        """And nothing beside it."""
        scaling = {"min_replica": 0, "scale_to_zero_timeout": 15}
        applied = tree(compute={"scaling": scaling})
        observed = seen(compute={"scaling": {"minReplica": 0}}).tree
        refreshed = refreshed_tree(applied, drift_between(applied, observed))
        assert refreshed["compute"]["scaling"] == {"min_replica": 0, "max_replica": 1}

    @pytest.mark.parametrize(
        ("answered", "image"),
        [({"huggingface": {}}, {"huggingface": {}}), ({"vLLM": {"url": "x"}}, {"vllm": {"url": "x"}})],
    )
    def test_leads_back_by_replacement_from_another_engine(self, answered: dict[str, Any], image: Any) -> None:
        """The state then holds the engine that is there, so the next plan replaces it."""
        applied = tree(model={"image": TGI})
        observed = seen(model={"image": {"huggingface": REMOVED, **answered}}).tree
        refreshed = refreshed_tree(applied, drift_between(applied, observed))
        assert image == refreshed["model"].get("image")
        assert {Kind.REPLACE} == {change.kind for change in changes_between(refreshed, applied)}

    def test_leaves_the_applied_tree_alone(self) -> None:
        """It is a value of the state."""
        applied = tree(model={"env": {"A": "1"}})
        refreshed_tree(applied, drift_between(applied, seen().tree))
        assert tree(model={"env": {"A": "1"}}) == applied

    def test_is_the_same_without_drift(self) -> None:
        """A refresh of what is as it should be shows nothing."""
        applied = tree(tags=["a"], model={"image": TGI})
        assert applied == refreshed_tree(applied, ())


def tree_without_local(declared: dict[str, Any]) -> dict[str, Any]:
    """A declared tree as far as the API can know it."""
    return {key: value for key, value in declared.items() if key not in {"wait", "timeouts"}}


def test_the_namespace_is_no_part_of_a_body() -> None:
    """It stands in the path."""
    assert NAMESPACE not in str(render_create(inputs(), CLAIM))
