from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN, EndpointSpec
from tests.support.builders import at, spec


def problem(**changes: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        spec(**changes)
    (line,) = caught.value.problems
    return line.removeprefix("endpoint 'falcon': ")


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a--b", "a" * 32, "7b-instruct"])
def test_a_name_of_the_apis_alphabet_is_taken(name: str) -> None:
    """Lower-case letters, digits and '-', up to 32 of them."""
    assert name == spec(name=name).name


@pytest.mark.parametrize(
    "name", ["", "A", "a" * 33, "a" * 64, "-a", "a-", "a_b", "a/b", "a.b", "ä", "a b", "a\n", "\uff41", "٣"]
)
def test_a_name_outside_the_apis_alphabet_is_refused(name: str) -> None:
    """The line shows the name and tells the rule."""
    line = problem(name=name)
    assert line.startswith(f"name: {name!r} ")
    assert "1 to 32" in line


@pytest.mark.parametrize(
    "tag", ["team-a", "a b", "ünïcode", "日本", "a:b", "a/b", "#1", "🦙", "pulumi", "%2C", '"', "a\\b"]
)
def test_a_tag_may_hold_odd_characters(tag: str) -> None:
    """A tag is free text."""
    assert [tag] == spec(tags=[tag]).tags


@pytest.mark.parametrize(
    "tag", ["", " ", "\t", "a,b", ",", "pulumi-owner:acme/dev/falcon", "pulumi-claim:1", "pulumi-"]
)
def test_a_tag_that_would_be_misread_is_refused(tag: str) -> None:
    """Commas part the tags of a list call, and ours carry the owner."""
    line = problem(tags=["good", tag])
    assert line.startswith("tags: ")
    assert repr(tag) in line


@pytest.mark.parametrize(
    "scaling",
    [
        {"min_replica": 0},
        {"min_replica": 0, "scale_to_zero_timeout": 1},
        {"min_replica": 0, "max_replica": 4, "scale_to_zero_timeout": 15},
        {"min_replica": 2, "max_replica": 2},
        {"scale_to_zero_timeout": None},
    ],
)
def test_scaling_that_the_service_can_do_is_taken(scaling: dict[str, Any]) -> None:
    """Down to zero, up to many, with or without a time-out of one's own."""
    read = spec(compute={"scaling": scaling}).compute.scaling
    assert scaling == read.model_dump(include=set(scaling))


@pytest.mark.parametrize(
    ("scaling", "path", "words"),
    [
        ({"min_replica": 2}, "min_replica", ["2", "max_replica, 1"]),
        ({"min_replica": 0, "scale_to_zero_timeout": 0}, "scale_to_zero_timeout", ["0", "1 or more"]),
        ({"min_replica": 0, "scale_to_zero_timeout": -5}, "scale_to_zero_timeout", ["-5", "1 or more"]),
        ({"min_replica": 0, "scale_to_zero_timeout": 1.5}, "scale_to_zero_timeout", ["1.5", "whole"]),
        ({"min_replica": 1, "scale_to_zero_timeout": 15}, "scale_to_zero_timeout", ["15", "min_replica"]),
        ({"scale_to_zero_timeout": 15}, "scale_to_zero_timeout", ["15", "min_replica 1"]),
    ],
)
def test_scaling_that_contradicts_itself_is_refused(scaling: dict[str, Any], path: str, words: list[str]) -> None:
    """The line stands at the field to change, with the value and the other field's."""
    line = problem(compute={"scaling": scaling})
    assert line.startswith(f"compute.scaling.{path}: ")
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ({"huggingface": {}}, "huggingface"),
        ({"tgi": {"url": "ghcr.io/x:1"}}, "tgi"),
        ({"custom": {"url": "ghcr.io/x:1", "port": 8080}}, "custom"),
        ({"custom": {"url": "x"}, "tgi": None}, "custom"),
    ],
)
def test_an_image_is_one_variant(image: dict[str, Any], kind: str) -> None:
    """Its key says which."""
    assert kind == spec(model={"image": image}).model.image.kind


@pytest.mark.parametrize(
    ("image", "has"),
    [
        ({}, "none"),
        ({"huggingface": None}, "none"),
        ({"tgi": {"url": "x"}, "huggingface": {}}, "'huggingface' and 'tgi'"),
    ],
)
def test_an_image_of_no_or_two_variants_is_refused(image: dict[str, Any], has: str) -> None:
    """The line tells what was given."""
    line = problem(model={"image": image})
    assert line.startswith("model.image: ")
    assert has in line


def test_a_private_service_takes_an_account_and_a_region() -> None:
    """Its region may be another than the endpoint's."""
    service = spec(private_service={"account_id": "012345678901", "region": "eu-west-1"}).private_service
    assert service is not None
    assert (service.account_id, service.region, service.shared) == ("012345678901", "eu-west-1", None)


@pytest.mark.parametrize(
    "account", ["1", "1234567890123", "12345678901x", "١٢٣٤٥٦٧٨٩٠١٢", "123456789012\n", "1234-5678-9012"]
)
def test_an_account_that_is_not_twelve_digits_is_refused(account: str) -> None:
    """It is text, as it may begin with a zero."""
    line = problem(private_service={"account_id": account, "region": "us-east-1"})
    assert line.startswith("private_service.account_id: ")
    assert "12 digits" in line


def test_an_account_as_a_number_is_refused() -> None:
    """YAML would drop its leading zeros."""
    line = problem(private_service={"account_id": 123456789012, "region": "us-east-1"})
    assert "quotes" in line


@pytest.mark.parametrize("vendor", ["azure", "gcp"])
def test_a_private_service_outside_aws_is_refused(vendor: str) -> None:
    """PrivateLink is AWS's; the line stands at ``private_service`` and shows the vendor."""
    service = {"account_id": "123456789012", "region": "us-east-1"}
    line = problem(private_service=service, provider={"vendor": vendor})
    assert line.startswith("private_service: ")
    assert f"has {vendor!r}" in line


@pytest.mark.parametrize(
    "path", ["name", "model.revision", "model.task", "model.env", "model.secrets", "model.args", "private_service"]
)
def test_null_says_the_same_as_leaving_an_optional_field_out(path: str) -> None:
    """YAML's ``env:`` with nothing after it is no mistake."""
    assert spec() == spec(**at(path, None))


def test_a_spec_cannot_be_changed_after_it_was_read() -> None:
    """It is a value."""
    read = spec()
    with pytest.raises(ValidationError, match="frozen"):
        read.wait = False  # type: ignore[misc]  # what mypy refuses as well


def test_a_spec_can_be_written_in_python() -> None:
    """Objects may be given as mappings; pydantic reads them."""
    written = EndpointSpec.model_validate({**spec().model_dump(), "name": "falcon"})
    assert written.name == "falcon"


def test_an_unknown_vendor_does_not_judge_the_private_service() -> None:
    """The rule waits for the value."""
    service = {"account_id": UNKNOWN, "region": "us-east-1"}
    assert spec(private_service=service, provider={"vendor": UNKNOWN}).private_service is not None
