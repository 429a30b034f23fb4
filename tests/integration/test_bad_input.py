"""Law 8: a mistake is one line that says where it is, what it is and what to do; nothing is created, no traceback."""

from __future__ import annotations

from typing import Any, Final

from hf_reference.server import Running
from tests.support.engine import Project, endpoint, writes

MODEL: Final = {"repository": "openai-community/gpt2", "task": "text-generation"}
COMPUTE: Final = {"instance_type": "intel-spr", "instance_size": "x1"}
LONG: Final = "a-name-of-thirty-three-characters"
HIDDEN: Final = "hidden-4be1a7"
"""Stands in every value that must not be shown."""


def model(**changes: Any) -> dict[str, Any]:
    """An endpoint with fields of its model changed."""
    return endpoint(model={**MODEL, **changes})


def compute(**changes: Any) -> dict[str, Any]:
    """An endpoint with fields of its compute changed."""
    return endpoint(compute={**COMPUTE, **changes})


def scaling(**changes: Any) -> dict[str, Any]:
    """An endpoint with that scaling."""
    return compute(scaling=changes)


def image(**variants: Any) -> dict[str, Any]:
    """An endpoint with that image."""
    return model(image=variants)


def private(vendor: str, region: str, account: Any) -> dict[str, Any]:
    """An endpoint with a private service for that account."""
    return endpoint(
        provider={"vendor": vendor, "region": region}, private_service={"account_id": account, "region": "us-east-1"}
    )


REPLICAS: Final = "compute.scaling.min_replica"
IDLE: Final = "compute.scaling.scale_to_zero_timeout"
RENAMED: Final = "'authenticated' (any account of the Hub with a token) or 'private'"
NAME_RULE: Final = "needs 1 to 32 lower-case letters, digits or '-', with no '-' at either end"
TAG_RULE: Final = "cannot be a tag: it needs to be a word without a comma that does not begin with 'pulumi-'"
AT_ONCE: Final[dict[str, tuple[Any, str]]] = {
    "misspelt": (endpoint(tag=["a"]), "tag: is not a field: did you mean 'tags'?"),
    "misspelt-deep": (
        compute(instanse_size="x1"),
        "compute.instanse_size: is not a field: did you mean 'instance_size'?",
    ),
    "camel": (scaling(minReplica=1), "compute.scaling.minReplica: is not a field: did you mean 'min_replica'?"),
    "too-high": (endpoint(repository="a/b"), "repository: is not a field here: it belongs at 'model.repository'"),
    "too-high-2": (compute(min_replica=1), f"compute.min_replica: is not a field here: it belongs at '{REPLICAS}'"),
    "nowhere": (
        scaling(colour=1),
        "compute.scaling.colour: is not a field: there are min_replica, max_replica, scale_to_zero_timeout",
    ),
    "variant": (image(tgii={}), "model.image.tgii: is not a field: did you mean 'tgi'?"),
    "quoted": (scaling(min_replica="1"), f"{REPLICAS}: '1' needs to be a whole number"),
    "truth": (scaling(min_replica=True), f"{REPLICAS}: True needs to be a whole number"),
    "half": (scaling(min_replica=0, scale_to_zero_timeout=1.5), f"{IDLE}: 1.5 needs to be a whole number"),
    "number": (model(env={"LEVEL": 1}), "model.env.LEVEL: 1 needs to be text: put it in quotes"),
    "listed": (model(env=["LEVEL"]), "model.env: ['LEVEL'] needs to be a map of names to texts"),
    "commit": (model(revision=1), "model.revision: 1 needs to be text: put it in quotes"),
    "flat": (endpoint(compute="intel-spr"), "compute: 'intel-spr' needs to be an object with fields of its own"),
    "word": (endpoint(tags="prod"), "tags: 'prod' needs to be a list"),
    "wait": (endpoint(wait="no"), "wait: 'no' needs to be true or false"),
    "upper": (endpoint(name="Falcon"), f"name: 'Falcon' {NAME_RULE}"),
    "long": (endpoint(name=LONG), f"name: '{LONG}' {NAME_RULE}"),
    "crossed": (
        scaling(min_replica=3, max_replica=2),
        f"{REPLICAS}: 3 is more than max_replica, 2: raise max_replica or lower min_replica",
    ),
    "negative": (scaling(min_replica=-1), f"{REPLICAS}: -1 needs to be greater than or equal to 0"),
    "never-idle": (
        scaling(min_replica=1, scale_to_zero_timeout=15),
        f"{IDLE}: 15 has no effect with min_replica 1: set min_replica to 0 or leave the time-out out",
    ),
    "no-time": (
        scaling(min_replica=0, scale_to_zero_timeout=0),
        f"{IDLE}: 0 is too short: give whole minutes, 1 or more",
    ),
    "vendor": (
        endpoint(provider={"vendor": "amazon", "region": "us-east-1"}),
        "provider.vendor: 'amazon' needs to be 'aws', 'azure' or 'gcp'",
    ),
    "protected": (
        endpoint(type="protected"),
        f"type: 'protected' was renamed by the service in 2026: use {RENAMED}",
    ),
    "type": (endpoint(type="open"), "type: 'open' needs to be 'public', 'authenticated' or 'private'"),
    "no-model": ({"compute": COMPUTE, "provider": {"vendor": "aws", "region": "us-east-1"}}, "model: is missing"),
    "no-repository": (endpoint(model={"task": "text-generation"}), "model.repository: is missing"),
    "two-images": (
        image(huggingface={}, tgi={"url": "a/b:1"}),
        "model.image: needs exactly one variant, has 'huggingface' and 'tgi': give one of huggingface, tgi, custom",
    ),
    "no-image": (image(), "model.image: needs exactly one variant, has none: give one of huggingface, tgi, custom"),
    "our-tag": (endpoint(tags=["blue", "pulumi-owner:me"]), f"tags: 'pulumi-owner:me' {TAG_RULE}"),
    "comma-tag": (endpoint(tags=["a,b"]), f"tags: 'a,b' {TAG_RULE}"),
    "link": (
        private("gcp", "us-east4", "123456789012"),
        "private_service: needs vendor 'aws', has 'gcp': PrivateLink is offered on AWS only",
    ),
    "account": (
        private("aws", "us-east-1", 123456789012),
        "private_service.account_id: 123456789012 needs to be text: put it in quotes",
    ),
    "short-account": (
        private("aws", "us-east-1", "123"),
        "private_service.account_id: '123' needs to be an AWS account id: 12 digits, in quotes",
    ),
    "secret": (model(secrets={"KEY": [HIDDEN]}), "model.secrets.KEY: a list needs to be text: put it in quotes"),
    "secrets": (model(secrets=HIDDEN), "model.secrets: a text needs to be a map of names to texts"),
    "credentials": (
        image(custom={"url": "a/b:1", "credentials": f"robot:{HIDDEN}"}),
        "model.image.custom.credentials: a text needs to be an object with fields of its own",
    ),
    "two-with-secret": (
        image(tgi={"url": "a/b:1"}, custom={"url": "a/b:1", "credentials": {"username": "robot", "password": HIDDEN}}),
        "model.image: needs exactly one variant, has 'tgi' and 'custom': give one of huggingface, tgi, custom",
    ),
}  # fmt: skip  (a table)
"""Mistakes that the program finds before anything is registered: endpoint -> (spec, what its line says)."""


def problems(text: str) -> list[str]:
    """The lines about mistakes, without the engine's word before the first."""
    lines = (line.strip().removeprefix("error: ") for line in text.splitlines())
    return [line for line in lines if line.startswith("endpoint '")]


def test_every_mistake_in_the_stack_file_is_shown_at_once_on_a_line_of_its_own(project: Project, server: Running):
    """One run tells all; values that may be secret are not shown, and good endpoints are not created either."""
    project.declare({"good": endpoint()} | {name: spec for name, (spec, _) in AT_ONCE.items()})
    outcome = project.up().expect_failure()
    expected = {f"endpoint '{name}': {says}" for name, (_, says) in AT_ONCE.items()}
    diagnosed = problems(outcome.text.rpartition("Diagnostics:")[2])
    assert sorted(expected) == sorted(diagnosed)
    assert HIDDEN not in outcome.text
    assert writes(server) == []


def test_a_stack_file_without_namespace_or_with_endpoints_that_are_no_map_is_refused(project: Project, server: Running):
    """What is wrong with the stack file as a whole is said as shortly."""
    project.declare({"small": endpoint()}, namespace=None)
    said = "hf-endpoints:namespace is missing: the user or organisation that the endpoints belong to"
    assert f"error: {said}\n" in project.preview().expect_failure().text
    no_map = "hf-endpoints:endpoints needs to be a map from logical name to endpoint, as in 'small: {model: …}'"
    for endpoints in ([model(secrets={"KEY": HIDDEN})], "openai-community/gpt2"):
        project.configure(endpoints=endpoints)
        outcome = project.preview().expect_failure()
        assert f"error: {no_map}\n" in outcome.text, outcome.text
        assert HIDDEN not in outcome.text
    assert writes(server) == []
