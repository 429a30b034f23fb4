from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.plan import Kind, changes_between, drift_between
from hf_endpoints.core.tree import ABSENT
from hf_endpoints.spec import UNKNOWN, declared_fields
from tests.support.builders import REMOVED, SECRET, at, edited, merged, seen, tree

MAIN = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
OTHER = "11c5a3d5811f50298f278a704980280950aedb10"
TGI = {"tgi": {"url": "ghcr.io/tgi:3", "port": 80}}
CUSTOM = {"custom": {"url": "ghcr.io/mine:1", "credentials": {"username": "bob", "password": SECRET}}}
SERVICE = {"account_id": "123456789012", "region": "us-east-1"}


def image(variant: dict[str, Any]) -> dict[str, Any]:
    """A change of the image as a whole, in place of the default one."""
    return {"model": {"image": {"huggingface": REMOVED, **variant}}}


BY_NAME = {field.dotted: field for field in declared_fields()}


def drift(declared: dict[str, Any], answered: dict[str, Any]) -> list[str]:
    return [".".join(change.path) for change in drift_between(tree(**declared), seen(**answered).tree)]


class TestAnEdit:
    @pytest.mark.parametrize(
        ("path", "before", "after", "kind"),
        [
            ("type", "authenticated", "public", Kind.UPDATE),
            ("model.repository", "gpt2", "openai-community/gpt2", Kind.UPDATE),
            ("model.revision", "main", "v1.0", Kind.UPDATE),
            ("model.task", "text-generation", "fill-mask", Kind.UPDATE),
            ("model.framework", "pytorch", "custom", Kind.UPDATE),
            ("model.env", {"A": "1"}, {"A": "2"}, Kind.UPDATE),
            ("model.secrets", {"A": "1"}, {"A": "2"}, Kind.UPDATE),
            ("model.args", ["--a"], ["--b"], Kind.UPDATE),
            ("model.command", ["a"], ["b"], Kind.UPDATE),
            ("compute.instance_type", "intel-spr", "intel-icl", Kind.UPDATE),
            ("compute.instance_size", "x1", "x2", Kind.UPDATE),
            ("compute.scaling.min_replica", 1, 0, Kind.UPDATE),
            ("compute.scaling.max_replica", 1, 2, Kind.UPDATE),
            ("tags", ["a"], ["b"], Kind.UPDATE),
            ("compute.accelerator", "cpu", "gpu", Kind.REPLACE),
            ("provider.vendor", "aws", "gcp", Kind.REPLACE),
            ("provider.region", "us-east-1", "eu-west-1", Kind.REPLACE),
            ("replace_trigger", "1", "2", Kind.REPLACE),
            ("name", "a", "b", Kind.REPLACE),
            ("wait", True, False, Kind.LOCAL),
            ("timeouts.settle", 30, 60, Kind.LOCAL),
        ],
    )
    def test_of_one_field_is_one_change_of_its_kind(self, path: str, before: Any, after: Any, kind: Kind) -> None:
        """The change carries path, both values, kind and a reason."""
        (change,) = edited(at(path, before), at(path, after))
        assert (path, before, after, kind) == (change.field.dotted, change.old, change.new, change.kind)
        assert change.why

    @pytest.mark.parametrize("variant", [TGI, CUSTOM])
    def test_of_the_engine_is_a_replacement(self, variant: dict[str, Any]) -> None:
        """All that comes and goes with the image says so."""
        before = tree()
        after = merged(before, image(variant))
        assert {Kind.REPLACE} == {change.kind for change in changes_between(before, after)}
        assert {Kind.REPLACE} == {change.kind for change in changes_between(after, before)}

    def test_within_the_engine_is_an_update(self) -> None:
        """Another tag or port of the same container is rolled out in place."""
        before = tree(model={"image": TGI})
        after = tree(model={"image": {"tgi": {"url": "ghcr.io/tgi:4"}}})
        changes = {change.path[-1]: (change.kind, change.new) for change in changes_between(before, after)}
        assert changes == {"url": (Kind.UPDATE, "ghcr.io/tgi:4"), "port": (Kind.UPDATE, ABSENT)}

    @pytest.mark.parametrize(
        ("before", "after"),
        [({}, SERVICE), (SERVICE, REMOVED), (SERVICE, {"region": "eu-west-1"}), (SERVICE, {"shared": True})],
    )
    def test_of_the_private_service_is_a_replacement(self, before: dict[str, Any], after: Any) -> None:
        """The API has it in no update, so adding, removing and changing it are replacements."""
        old = tree(**({"private_service": before} if before else {}))
        new = merged(old, {"private_service": after})
        assert {Kind.REPLACE} == {change.kind for change in changes_between(old, new)}

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("model.revision", "v1.0"),
            ("model.env", {"A": "1"}),
            ("model.secrets", {"A": "1"}),
            ("model.args", ["--a"]),
            ("model.command", ["a"]),
            ("tags", ["a"]),
        ],
    )
    def test_that_takes_a_field_out_clears_it(self, path: str, value: Any) -> None:
        """What the API can take back is an update when it leaves the declaration."""
        (change,) = edited(at(path, value), {})
        assert (path, Kind.UPDATE) == (change.field.dotted, change.kind)

    def test_that_takes_a_field_out_which_cannot_be_cleared_is_no_change(self) -> None:
        """The API refuses null for the task and keeps the last one: a left out field is not managed."""
        assert edited(at("model.task", "fill-mask"), {}) == ()

    def test_of_a_secret_is_a_change(self) -> None:
        """It is compared with the last value given."""
        (change,) = edited(at("model.secrets", {"A": "1"}), at("model.secrets", {"A": "1", "B": "2"}))
        assert Kind.UPDATE is change.kind

    def test_of_nothing_is_no_change(self) -> None:
        """The same declaration twice, with everything in it."""
        full = {"tags": ["a"], "private_service": SERVICE, "replace_trigger": "1"}
        assert edited(full, full) == ()

    def test_of_several_fields_is_in_the_order_of_the_declaration(self) -> None:
        """However the user orders them."""
        changes = edited({}, {"tags": ["a"], "type": "public", **at("model.env", {"A": "1"})})
        assert [change.field.dotted for change in changes] == ["type", "model.env", "tags"]

    @pytest.mark.parametrize(
        ("path", "kind"),
        [("model.env", Kind.UPDATE), ("provider.region", Kind.REPLACE), ("tags", Kind.UPDATE), ("wait", Kind.LOCAL)],
    )
    def test_to_a_value_not_known_yet_is_a_change(self, path: str, kind: Kind) -> None:
        """In doubt the preview shows it, as the kind that it may become."""
        old = tree()
        (change,) = changes_between(old, merged(old, at(path, UNKNOWN)))
        assert (path, UNKNOWN, kind) == (change.field.dotted, change.new, change.kind)

    def test_to_an_object_not_known_yet_changes_all_below(self) -> None:
        """Every field of a scaling that is not known yet may be another."""
        old = tree()
        changes = changes_between(old, merged(old, at("compute.scaling", UNKNOWN)))
        below = [field.dotted for field in declared_fields() if field.path[:2] == ("compute", "scaling")]
        assert below == [change.field.dotted for change in changes]

    def test_inside_a_map_to_a_value_not_known_yet_is_a_change(self) -> None:
        """A known map with an unknown entry is another map."""
        (change,) = edited(at("model.env", {"A": "1"}), at("model.env", {"A": UNKNOWN}))
        assert Kind.UPDATE is change.kind


class TestServerDefault:
    @pytest.mark.parametrize(
        "answered",
        [
            at("compute.scaling.scaleToZeroTimeout", 15),
            at("model.task", "fill-mask"),
            at("model.revision", OTHER),
            at("model.env", {"PORT": "80"}),
            at("model.args", ["--auto"]),
            {"tags": ["from-the-console"]},
            {"healthRoute": "/ready", "route": {"domain": "x"}, "experimentalFeatures": {"kvRouter": {}}},
        ],
    )
    def test_what_was_left_out_never_drifts(self, answered: dict[str, Any]) -> None:
        """The API fills in, or somebody sets, what the declaration does not manage."""
        assert drift({}, answered) == []

    def test_a_port_that_the_api_fills_in_is_no_drift(self) -> None:
        """An image without a port comes back with one."""
        url = {"url": "ghcr.io/tgi:3"}
        assert drift({"model": {"image": {"tgi": url}}}, image({"tgi": {**url, "port": 80}})) == []

    def test_writing_down_the_accelerator_that_was_found_is_no_change(self) -> None:
        """Leaving it out again is none either."""
        without = tree(compute={"accelerator": None})
        assert changes_between(without, tree()) == ()
        assert changes_between(tree(), without) == ()


class TestEmptyForDefault:
    @pytest.mark.parametrize(
        ("path", "empty"),
        [("model.env", {}), ("model.secrets", {}), ("model.args", []), ("model.command", []), ("tags", [])],
    )
    def test_empty_is_the_same_as_left_out(self, path: str, empty: Any) -> None:
        """In an edit either way, and in what the API answers."""
        assert edited({}, at(path, empty)) == ()
        assert edited(at(path, empty), {}) == ()
        assert drift(at(path, empty), {}) == []

    @pytest.mark.parametrize("path", ["model.env", "model.args", "model.command"])
    @pytest.mark.parametrize("empty", [None, REMOVED])
    def test_an_empty_declaration_equals_a_null_in_the_answer(self, path: str, empty: Any) -> None:
        """The API may answer null, or not at all, for what is empty."""
        assert drift(at(path, {} if path.endswith("env") else []), at(path, empty)) == []

    @pytest.mark.parametrize("path", ["cache_http_responses", "experimental_features.skip_repo_download"])
    def test_a_switch_that_is_off_is_the_same_as_left_out(self, path: str) -> None:
        """Taking it out would send the very value that it has."""
        assert edited(at(path, value=False), {}) == ()
        assert edited({}, at(path, value=False)) == ()
        assert [change.new for change in edited(at(path, value=True), {})] == [ABSENT]

    @pytest.mark.parametrize("path", ["cache_http_responses", "experimental_features.skip_repo_download"])
    @pytest.mark.parametrize(("declared", "answered"), [(True, False), (False, True)])
    def test_a_switch_drifts_only_when_the_api_answers_it(self, path: str, declared: bool, answered: bool) -> None:  # noqa: FBT001
        """An account that the feature is not offered to gets no answer on it, which is no drift."""
        wire = ".".join(BY_NAME[path].wire_path)
        assert [path] == drift(at(path, declared), at(wire, answered))
        assert drift(at(path, declared), at(wire, REMOVED)) == []

    def test_an_empty_image_object_is_something(self) -> None:
        """``huggingface: {}`` names a container: its absence is another declaration."""
        changes = changes_between(tree(), merged(tree(), image(TGI)))
        assert "model.image.huggingface" in [change.field.dotted for change in changes]

    @pytest.mark.parametrize(
        ("path", "value"), [("compute.scaling.min_replica", 0), ("wait", False), ("replace_trigger", "")]
    )
    def test_zero_false_and_the_empty_text_are_something(self, path: str, value: Any) -> None:
        """Only null, empty lists and empty maps are nothing."""
        old = tree(replace_trigger="1")
        (change,) = changes_between(old, merged(old, at(path, value)))
        assert (path, value) == (change.field.dotted, change.new)


class TestNormalisedValue:
    def test_a_whole_number_is_the_same_as_a_float_or_an_int(self) -> None:
        """The engine sends 1.0 for 1."""
        assert edited(at("compute.scaling.max_replica", 2), at("compute.scaling.max_replica", 2.0)) == ()

    def test_the_order_of_a_map_means_nothing(self) -> None:
        """Objects come back sorted."""
        assert edited(at("model.env", {"A": "1", "B": "2"}), at("model.env", {"B": "2", "A": "1"})) == ()

    def test_our_own_tags_are_no_drift(self) -> None:
        """Owner and claim ride on the tags and are no tags of the user's."""
        assert drift({"tags": ["a"]}, {"tags": ["a", "pulumi-owner:x", "pulumi-claim:y"]}) == []


class TestNeverReturned:
    @pytest.mark.parametrize("answered", [{}, {"TOKEN": None}, {"TOKEN": ""}, None, REMOVED])
    def test_secrets_never_drift(self, answered: Any) -> None:
        """The API answers with their names, with blanks or not at all."""
        assert drift(at("model.secrets", {"TOKEN": SECRET}), {"model": {"secrets": answered}}) == []

    @pytest.mark.parametrize("answered", [{"username": "", "password": None}, None, REMOVED])
    def test_registry_credentials_never_drift(self, answered: Any) -> None:
        """The API blanks both."""
        back = image({"custom": {"url": "ghcr.io/mine:1", "port": 80, "credentials": answered}})
        assert drift({"model": {"image": CUSTOM}}, back) == []

    @pytest.mark.parametrize(
        "path", ["compute.instanceType", "compute.scaling.minReplica", "model.repository", "model.task", "type"]
    )
    def test_a_field_missing_from_an_answer_says_nothing(self, path: str) -> None:
        """An answer of an older or newer API does not undo a declaration."""
        assert drift(at("model.task", "text-generation"), at(path, REMOVED)) == []

    def test_local_fields_never_drift(self) -> None:
        """They are not sent, so nothing comes back."""
        local = {"wait": False, "timeouts": {"settle": 5}, "name": "falcon", "replace_trigger": "1"}
        assert drift(local, {}) == []


class TestListReordered:
    def test_the_order_of_tags_means_nothing(self) -> None:
        """Neither in an edit nor in an answer."""
        assert edited({"tags": ["a", "b"]}, {"tags": ["b", "a"]}) == ()
        assert drift({"tags": ["a", "b"]}, {"tags": ["b", "a"]}) == []

    def test_a_tag_more_or_fewer_is_a_change(self) -> None:
        """Also when only the count differs."""
        assert drift({"tags": ["a", "b"]}, {"tags": ["a"]}) == ["tags"]
        assert drift({"tags": ["a", "b"]}, {"tags": ["a", "b", "c"]}) == ["tags"]

    @pytest.mark.parametrize("path", ["model.args", "model.command"])
    def test_the_order_of_words_is_meant(self, path: str) -> None:
        """A command line is no set."""
        (change,) = edited(at(path, ["a", "b"]), at(path, ["b", "a"]))
        assert Kind.UPDATE is change.kind


class TestBranchOrCommit:
    @pytest.mark.parametrize("declared", ["main", "v1.0", "refs/pr/3", MAIN[:7]])
    def test_a_branch_is_the_commit_it_stood_for(self, declared: str) -> None:
        """The API answers with a commit, whichever it was."""
        assert drift(at("model.revision", declared), at("model.revision", OTHER)) == []

    def test_a_commit_that_became_another_is_drift(self) -> None:
        """Both are exact."""
        assert drift(at("model.revision", MAIN), at("model.revision", OTHER)) == ["model.revision"]
        assert drift(at("model.revision", MAIN), at("model.revision", MAIN)) == []

    def test_a_branch_that_became_another_is_drift(self) -> None:
        """An API that answers with the name is taken at its word."""
        assert drift(at("model.revision", "v1.0"), at("model.revision", "dev")) == ["model.revision"]

    def test_writing_down_another_revision_is_an_update(self) -> None:
        """An edit compares what was written, also from a branch to a commit."""
        (change,) = edited(at("model.revision", "v1.0"), at("model.revision", MAIN))
        assert Kind.UPDATE is change.kind


class TestDrift:
    @pytest.mark.parametrize(
        ("declared", "answered", "path"),
        [
            ({}, {"type": "public"}, "type"),
            ({}, at("model.repository", "other"), "model.repository"),
            ({}, at("compute.instanceSize", "x2"), "compute.instance_size"),
            ({}, at("compute.scaling.maxReplica", 3), "compute.scaling.max_replica"),
            (at("model.task", "fill-mask"), {}, "model.task"),
            (at("model.env", {"A": "1"}), at("model.env", {"A": "2"}), "model.env"),
            (at("model.env", {"A": "1"}), {}, "model.env"),
            (at("model.env", {"A": "1"}), at("model.env", None), "model.env"),
            (at("model.args", ["--a"]), at("model.args", REMOVED), "model.args"),
            (
                {"compute": {"scaling": {"min_replica": 0, "scale_to_zero_timeout": 15}}},
                at("compute.scaling.minReplica", 0),
                "compute.scaling.scale_to_zero_timeout",
            ),
        ],
    )
    def test_of_a_declared_field_is_seen(self, declared: dict[str, Any], answered: dict[str, Any], path: str) -> None:
        """Somebody set it by hand, or cleared it."""
        assert [path] == drift(declared, answered)

    @pytest.mark.parametrize(
        ("declared", "answered"),
        [
            ({}, TGI),
            (TGI, {"huggingface": {}}),
            (TGI, CUSTOM),
            (CUSTOM, TGI),
            ({}, {"vLLM": {"url": "x"}}),
            (TGI, {"vLLM": {}}),
        ],
    )
    def test_of_the_engine_is_seen_as_a_replacement(self, declared: dict[str, Any], answered: dict[str, Any]) -> None:
        """Whichever container somebody put in its place, also one that this version does not know."""
        applied = tree(model={"image": declared}) if declared else tree()
        found = seen(**image({**answered, **({"huggingface": REMOVED} if "huggingface" not in answered else {})}))
        assert {Kind.REPLACE} == {change.kind for change in drift_between(applied, found.tree)}

    def test_is_told_with_both_values(self) -> None:
        """Old is what was applied, new is what was seen."""
        (change,) = drift_between(tree(), seen(type="public").tree)
        assert (change.old, change.new) == ("authenticated", "public")
