from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.tree import put
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN, declared_fields, parse_spec
from tests.support.builders import REMOVED, SECRET, at, declaration, tree
from tests.support.samples import samples_of


def problems(raw: object, endpoint: str = "falcon") -> tuple[str, ...]:
    with pytest.raises(DeclarationError) as caught:
        parse_spec(raw, endpoint)
    return caught.value.problems


def problem_at(path: str, value: object) -> str:
    (problem,) = problems(declaration(**at(path, value)))
    return problem


def test_the_smallest_declaration_is_enough() -> None:
    """A repository, an instance and a region make an endpoint; everything else has a default."""
    spec = parse_spec(declaration(), "falcon")
    assert spec.model.repository == "gpt2"
    assert spec.model.image.kind == "huggingface"


def test_a_spec_that_is_read_already_passes() -> None:
    """A program may hand over an `EndpointSpec` of its own."""
    spec = parse_spec(declaration(), "falcon")
    assert spec == parse_spec(spec, "falcon")


def test_every_mistake_is_told_at_once() -> None:
    """Three mistakes give three lines, in the order of the declaration."""
    lines = problems(
        declaration(model={"repository": 5}, provider={"vendor": "ibm"}, compute={"instance_size": REMOVED})
    )
    assert [line.split(": ")[1] for line in lines] == ["model.repository", "compute.instance_size", "provider.vendor"]


def test_the_text_of_the_error_is_all_its_lines() -> None:
    """What the engine prints holds each problem on a line of its own."""
    with pytest.raises(DeclarationError) as caught:
        parse_spec({}, "falcon")
    assert list(caught.value.problems) == str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model.repository", 5, ["5", "text"]),
        ("model.revision", 20240101, ["20240101", "quotes"]),
        ("model.framework", "keras", ["'keras'", "'pytorch'", "'llamacpp'"]),
        ("model.env", "A=1", ["map"]),
        ("model.env.A", 5, ["5", "text"]),
        ("model.env.A", None, ["null", "text"]),
        ("model.args", "--fast", ["'--fast'", "list"]),
        ("model.image.tgi", {"url": "x", "port": 0}, []),
        ("compute", "x1", ["'x1'", "object"]),
        ("compute.scaling", None, ["null", "object"]),
        ("compute.scaling.min_replica", "1", ["'1'", "whole number"]),
        ("compute.scaling.min_replica", True, ["true", "whole number"]),
        ("compute.scaling.min_replica", 10**400, ["more than max_replica, 1"]),
        ("compute.scaling.min_replica", 1.5, ["1.5", "whole number"]),
        ("compute.scaling.min_replica", float("inf"), ["inf", "whole number"]),
        ("compute.scaling.min_replica", float("nan"), ["nan", "whole number"]),
        ("compute.scaling.min_replica", -1, ["-1", "greater than or equal to 0"]),
        ("compute.scaling.max_replica", 0, ["0", "greater than or equal to 1"]),
        ("provider.vendor", "ibm", ["'ibm'", "'aws'", "'azure'", "'gcp'"]),
        ("type", None, ["null", "'public'"]),
        ("type", "protected", ["'protected'", "'authenticated'", "'private'"]),
        ("tags", "a", ["'a'", "list"]),
        ("tags", None, ["null", "list"]),
        ("wait", "yes", ["'yes'", "true or false"]),
        ("wait", 1, ["1", "true or false"]),
        ("timeouts.settle", 0, ["0", "greater than 0"]),
        ("timeouts.settle", "5", ["'5'", "number"]),
    ],
)
def test_a_line_names_endpoint_path_value_and_what_is_wanted(path: str, value: Any, words: list[str]) -> None:
    """Each kind of mistake is shown where the user made it, with what is expected there."""
    problem = problem_at(path, value)
    where = f"{path}.port" if path.endswith("tgi") else path
    assert problem.startswith(f"endpoint 'falcon': {where}: ")
    assert [word for word in words if word not in problem.removeprefix(f"endpoint 'falcon': {where}: ")] == []


def test_a_line_has_no_text_of_the_library() -> None:
    """None of the validator's own openings and no address of its documentation gets through."""
    lines = problems({"model": {"repository": 1, "image": {}, 5: "x"}, "compute": [], "provider": {"vendor": 1}})
    text = "\n".join(lines)
    assert [word for word in ("Input should", "Value error", "pydantic", "https://", "[type=") if word in text] == []


def test_a_mistake_in_a_list_is_named_by_its_index() -> None:
    """The path goes on below a list with the place in it."""
    assert problem_at("model.args", ["--a", 5]).startswith("endpoint 'falcon': model.args.1: 5 ")


def test_a_missing_field_is_named_in_full() -> None:
    """The line says which object lacks it."""
    (problem,) = problems(declaration(provider={"region": REMOVED}))
    assert problem == "endpoint 'falcon': provider.region: is missing"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("modle", "'model'"),
        ("repository", "'model.repository'"),
        ("compute.min_replica", "'compute.scaling.min_replica'"),
        ("compute.instanceType", "'instance_type'"),
        ("model.image.tgi", "'url'"),
        ("xyzzy", "compute"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_right_one(path: str, hint: str) -> None:
    """The API drops what it does not know in silence, so a misspelt field is an error that helps."""
    value = {"url": "x", "ulr": "y"} if path.endswith("tgi") else 1
    problem = problem_at(path, value)
    assert "is not a field" in problem
    assert hint in problem


def test_the_value_of_an_unknown_field_is_not_shown() -> None:
    """It may be a misspelt secret."""
    assert SECRET not in problem_at("model.secret", {"TOKEN": SECRET})


def test_a_name_of_a_field_that_is_no_text_is_refused() -> None:
    """YAML reads ``5:`` as a number."""
    raw: dict[Any, Any] = declaration()
    (problem,) = problems(raw | {5: "x"})
    assert problem.startswith("endpoint 'falcon': 5: ")


@pytest.mark.parametrize("raw", [None, [], "gpt2", 5, UNKNOWN])
def test_a_declaration_that_is_no_object_is_refused(raw: object) -> None:
    """The line says what an endpoint needs at least."""
    (problem,) = problems(raw)
    assert problem.startswith("endpoint 'falcon': ")
    assert "model, compute and provider" in problem


def test_a_long_value_is_cut() -> None:
    """A pasted file does not fill the screen."""
    assert len(problem_at("type", "x" * 10_000)) < 250


@pytest.mark.parametrize(
    "change",
    [
        {"model": {"secrets": SECRET}},
        {"model": {"secrets": [SECRET]}},
        {"model": {"secrets": {"TOKEN": [SECRET]}}},
        {"model": {"secrets": {"TOKEN": {"VALUE": SECRET}}}},
        {"model": {"secrets": {5: SECRET}}},
        {"model": [{"secrets": {"TOKEN": SECRET}}]},
        {"model": {"image": [{"custom": {"credentials": {"password": SECRET}}}]}},
        {"model": {"image": {"custom": [{"credentials": {"password": SECRET}}]}}},
        {"model": {"image": {"custom": {"url": "x", "credentials": SECRET}}}},
        {"model": {"image": {"custom": {"url": "x", "credentials": [SECRET]}}}},
        {"model": {"image": {"custom": {"url": "x", "credentials": {"username": [SECRET]}}}}},
        {"model": {"image": {"custom": {"url": "x", "credentials": {"username": "bob", "password": [SECRET]}}}}},
        {"model": {"image": {"custom": {"url": "x", "credentials": {"username": "bob", "passwort": SECRET}}}}},
        {"model": {"image": {"custom": {"credentials": {"username": "b", "password": SECRET}}, "tgi": {"url": "x"}}}},
        {"model": {"image": {"tgi": {"url": "x", "credentials": {"username": "bob", "password": SECRET}}}}},
    ],
)
def test_a_secret_is_never_shown(change: dict[str, Any]) -> None:
    """Whatever is wrong at it, below it or around it: an error holds no secret value."""
    lines = problems(declaration(**change))
    assert lines
    assert [line for line in lines if SECRET in line] == []


def test_a_secret_in_a_declaration_of_the_wrong_shape_is_never_shown() -> None:
    """Also when the whole declaration is not what it should be."""
    assert SECRET not in problems([declaration(model={"secrets": {"TOKEN": SECRET}})])[0]


@pytest.mark.parametrize(
    "path",
    sorted({field.path[:depth] for field in declared_fields() for depth in range(1, len(field.path) + 1)}),
    ids=".".join,
)
def test_a_value_that_is_not_known_yet_passes_at_every_path(path: tuple[str, ...]) -> None:
    """An output of a resource that does not exist yet may stand anywhere: as an object, below it, or as a leaf."""
    field = next(field for field in declared_fields() if field.path[: len(path)] == path)
    whole = samples_of(field).second
    put(whole, path, UNKNOWN)
    parse_spec(whole, "falcon")


@pytest.mark.parametrize(
    "change",
    [
        {"model": {"env": {"A": UNKNOWN, UNKNOWN: "b"}}},
        {"model": {"secrets": {"A": UNKNOWN}}},
        {"model": {"args": ["--a", UNKNOWN]}},
        {"tags": ["a", UNKNOWN]},
        {"compute": {"scaling": {"min_replica": UNKNOWN, "max_replica": 1}}},
        {"compute": {"scaling": {"min_replica": UNKNOWN, "scale_to_zero_timeout": 15}}},
        {"private_service": {"account_id": UNKNOWN, "region": UNKNOWN}, "provider": {"vendor": UNKNOWN}},
    ],
)
def test_a_value_that_is_not_known_yet_passes_beside_known_ones(change: dict[str, Any]) -> None:
    """It passes inside maps and lists, and rules between fields wait until both are known."""
    parse_spec(declaration(**change), "falcon")


def test_what_is_known_is_judged_beside_what_is_not() -> None:
    """One unknown value does not excuse the others."""
    change = {"model": {"repository": UNKNOWN, "args": [UNKNOWN, 5]}, "name": "No"}
    lines = problems(declaration(**change))
    assert [line.split(": ")[1] for line in lines] == ["name", "model.args.1"]


def test_a_value_that_is_not_known_yet_is_stored_as_it_came() -> None:
    """The second reading, in ``check``, finds it where it was."""
    assert tree(model={"env": {"A": UNKNOWN}})["model"]["env"]["A"] == UNKNOWN


def test_whole_numbers_may_come_as_floats() -> None:
    """The engine has no other kind of number."""
    scaling = parse_spec(declaration(**at("compute.scaling.max_replica", 2.0)), "falcon").compute.scaling
    assert f"{scaling.max_replica}" == "2"
