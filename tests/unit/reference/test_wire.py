from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference.errors import InvalidError, RefusalError, UnparsableError
from hf_reference.parsing import parse_create, parse_update
from hf_reference.wire import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.clock import Virtual
    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Person
    from hf_reference.world import World

    Make = Callable[..., dict[str, Any]]

BASE = "http://127.0.0.1:1"
CONTAINER = {"url": "example/image:1"}
IMAGES: list[dict[str, Any]] = [
    {"huggingface": {}},
    {"huggingfaceNeuron": {"batchSize": 1, "neuronCache": "x", "sequenceLength": 512}},
    {"tgi": {**CONTAINER, "maxInputLength": 1024, "quantize": "awq", "disableCustomKernels": False}},
    {"tgiNeuron": {**CONTAINER, "hfAutoCastType": "bf16"}},
    {"tei": {**CONTAINER, "pooling": "mean"}},
    {"llamacpp": {**CONTAINER, "ctxSize": 4096, "modelPath": "a.gguf", "nParallel": 2, "threadsHttp": 4}},
    {"vLLM": {**CONTAINER, "tensorParallelSize": 1}},
    {"vLLMOmni": CONTAINER},
    {"vLLMNeuron": CONTAINER},
    {"sGLang": {**CONTAINER, "chunkedPrefillSize": -1}},
    {"hfServe": CONTAINER},
    {"custom": {**CONTAINER, "port": 8080, "healthRoute": "/ready"}},
]


def parse(body: dict[str, Any]) -> Declaration:
    """Parse a create."""
    return parse_create(json.dumps(body).encode())


def put(old: Declaration, patch: dict[str, Any]) -> Declaration:
    """Apply an update."""
    return parse_update(json.dumps(patch).encode())(old)


@pytest.fixture
def shown(world: World, alice: Person) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Give the answer to a create."""
    return lambda body: render(world.create("acme", parse(body), alice), BASE)


def test_server_filled_values_are_all_there(shown: Make, body: Make) -> None:
    """What a minimal create does not say, the answer does; no key that a client reads is missing."""
    wire = shown(body(scaling={"minReplica": 0, "scaleToZeroTimeout": None}, model={"revision": None}))
    assert wire["compute"]["id"] == "aws-us-east-1-intel-spr-x1"
    assert wire["compute"]["scaling"] == {
        "minReplica": 0,
        "maxReplica": 1,
        "scaleToZeroTimeout": 15,
        "metric": "hardwareUsage",
        "measure": {"hardwareUsage": None},
    }
    assert (wire["tags"], wire["model"]["env"], wire["model"]["args"], wire["healthRoute"]) == ([], {}, [], "/health")
    assert wire["model"]["task"] == "text-generation"
    assert len(bytes.fromhex(wire["model"]["revision"])) == 20
    assert wire["status"]["url"] is None
    required = "name type provider compute model tags experimentalFeatures healthRoute notifications status"
    assert set(required.split()) <= set(wire)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: next(iter(image)))
def test_every_image_variant_comes_back_as_sent_with_a_port(shown: Make, body: Make, image: dict[str, Any]) -> None:
    """All variants are accepted; a container gets its default port, and nothing else is added."""
    ((variant, inner),) = image.items()
    expected = {"port": 80, **inner} if "url" in inner else inner
    assert shown(body(model={"image": image}))["model"]["image"] == {variant: expected}


@pytest.mark.parametrize("key", ["ctxSize", "modelPath", "nParallel", "threadsHttp"])
def test_llamacpp_needs_its_sizes(body: Make, key: str) -> None:
    """And its file; all else of it may be left out."""
    whole = {**CONTAINER, "ctxSize": 4096, "modelPath": "a.gguf", "nParallel": 2, "threadsHttp": 4}
    parse(body(model={"image": {"llamacpp": whole}}))
    del whole[key]
    with pytest.raises(InvalidError, match=f"model.image.llamacpp: missing field `{key}`"):
        parse(body(model={"image": {"llamacpp": whole}}))


def test_unknown_fields_are_dropped_without_a_word(shown: Make, body: Make) -> None:
    """Misspelt keys vanish at every level."""
    sent = body(colour="red", model={"image": {"vLLM": {**CONTAINER, "health_route": "/x", "tp": 2}}})
    wire = shown(sent)
    assert "colour" not in wire
    assert wire["model"]["image"] == {"vLLM": {**CONTAINER, "port": 80}}
    assert wire["healthRoute"] == "/health"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"model": {"image": {"vLLM": {}}}}, r"^VALIDATION_FAILED: model.image.vLLM: missing field `url`$"),
        ({"model": {"image": {"nonsense": {}}}}, r"^VALIDATION_FAILED: model.image: expected exactly one"),
        ({"model": {"image": {"huggingface": {}, "custom": CONTAINER}}}, r"^VALIDATION_FAILED: model.image: "),
        ({"model": {"task": None}}, r"^Failed to parse the request body as JSON: model.task: "),
        ({"type": "secret"}, r"^Failed to parse the request body as JSON: type: "),
        ({"name": "No_Capitals"}, r"^VALIDATION_FAILED: name: "),
        ({"name": "x" * 33}, r"^VALIDATION_FAILED: name: "),
        ({"scaling": {"minReplica": 2, "maxReplica": 1}}, r"^VALIDATION_FAILED: compute.scaling: maxReplica 1"),
        ({"scaling": {"minReplica": "1"}}, r"^Failed to parse .* compute.scaling.minReplica"),
        ({"scaling": {"measure": {"a": 1, "b": 2}}}, r"^VALIDATION_FAILED: compute.scaling.measure"),
        ({"privateService": {"accountId": "12"}}, r"^VALIDATION_FAILED: privateService.accountId: .*12 digits"),
        ({"provider": None}, r"^VALIDATION_FAILED: missing field `provider`$"),
    ],
    ids=str,
)
def test_a_bad_create_names_the_field(body: Make, changes: dict[str, Any], text: str) -> None:
    """Each refusal says where, and which kind of wrong it was."""
    with pytest.raises((InvalidError, UnparsableError), match=text):
        parse(body(**changes))


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"3", b"\xff"], ids=str)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    """For create and update alike."""
    for parser in (parse_create, parse_update):
        with pytest.raises(UnparsableError, match="as JSON"):
            parser(raw)


def test_protected_is_read_as_private(body: Make) -> None:
    """As measured in July 2026."""
    assert parse(body(type="protected")).type == "private"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"measure": {"pendingRequests": 2.5}}, ("pendingRequests", 2.5)),
        ({"measure": {"pendingRequests": None}}, ("pendingRequests", None)),
        ({"metric": "pendingRequests", "threshold": 3}, ("pendingRequests", 3)),
        ({"metric": "hardwareUsage", "measure": {"pendingRequests": 1}}, ("pendingRequests", 1)),
        ({"threshold": 70}, ("hardwareUsage", 70)),
        ({}, ("hardwareUsage", None)),
    ],
    ids=str,
)
def test_both_spellings_of_the_scaling_metric_are_read(
    body: Make, sent: dict[str, Any], expected: tuple[str, float | None]
) -> None:
    """Today's one-key measure wins over the older pair."""
    measure = parse(body(scaling=sent)).compute.scaling.measure
    assert expected == (measure.metric, measure.threshold)


def test_secrets_never_come_back(shown: Make, body: Make) -> None:
    """Neither secret values nor registry passwords are in the answer, and not in what is kept."""
    image = {"custom": {**CONTAINER, "credentials": {"username": "bob", "password": "hunter2"}}}
    sent = body(model={"secrets": {"KEY": "hunter2"}, "image": image})
    wire = shown(sent)
    assert wire["model"]["secrets"] == {"KEY": None}
    assert wire["model"]["image"]["custom"]["credentials"] == {"username": "", "password": None}
    assert "hunter2" not in json.dumps(wire)
    assert "hunter2" not in parse(sent).model_dump_json()


def test_a_changed_secret_is_a_change(body: Make) -> None:
    """Though no value is kept, another one is noticed, and the same one is not."""
    old = parse(body(model={"secrets": {"KEY": "one"}}))
    assert old.same_containers(put(old, {"model": {"secrets": {"KEY": "one"}}}))
    assert not old.same_containers(put(old, {"model": {"secrets": {"KEY": "two"}}}))


def test_put_leaves_alone_what_it_does_not_name(body: Make) -> None:
    """An empty update is no change, and one field deep inside changes only itself."""
    old = parse(body(tags=["a"], route={"domain": "x.example"}, model={"env": {"A": "1"}, "secrets": {"S": "v"}}))
    assert old == put(old, {})
    new = put(old, {"compute": {"scaling": {"maxReplica": 3}}})
    assert new.compute.scaling.max_replica == 3
    assert old.model_dump(exclude={"compute"}) == new.model_dump(exclude={"compute"})


def test_put_merges_a_route(body: Make) -> None:
    """Either part alone leaves the other; a route that is not there yet needs its domain."""
    old = parse(body(route={"domain": "a.example", "path": "/p"}))
    for patch in ({"path": "/q"}, {"domain": "b.example"}):
        route = put(old, {"route": patch}).route
        assert route is not None
        assert route.model_dump() == {"domain": "a.example", "path": "/p", **patch}
    with pytest.raises(InvalidError, match=r"route: missing field `domain`"):
        put(parse(body()), {"route": {"path": "/q"}})


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("env", {"A": "1", "B": "2"}, {"A": "3"}),
        ("args", ["--a"], []),
        ("command", ["run"], ["walk", "on"]),
        ("image", {"custom": {**CONTAINER, "port": 8080}}, {"custom": CONTAINER}),
    ],
)
def test_put_replaces_lists_maps_and_images_whole(body: Make, field: str, old: Any, new: Any) -> None:
    """Nothing of the old value is left."""
    before = parse(body(model={field: old}))
    expected = parse(body(model={field: new}))
    assert getattr(expected.model, field) == getattr(put(before, {"model": {field: new}}).model, field)


def test_put_replaces_tags_and_the_secret_map(body: Make) -> None:
    """A key that is not sent again is gone."""
    old = parse(body(tags=["a", "b"], model={"secrets": {"A": "1", "B": "2"}}))
    new = put(old, {"tags": ["c"], "model": {"secrets": {"A": "1"}}})
    assert (new.tags, list(new.model.secrets)) == (["c"], ["A"])


def test_put_of_an_image_without_its_url_is_refused(body: Make) -> None:
    """An image is validated as a whole, not merged."""
    old = parse(body(model={"image": {"vLLM": CONTAINER}}))
    with pytest.raises(InvalidError, match="missing field `url`"):
        put(old, {"model": {"image": {"vLLM": {"tensorParallelSize": 2}}}})


def test_put_of_another_repository_brings_its_own_revision_and_task(
    world: World, clock: Virtual, alice: Person, body: Make
) -> None:
    """The commit of the old repository means nothing in the new one."""
    before = world.create("acme", parse(body()), alice).declaration.model
    clock.advance(100)
    edit = parse_update(b'{"model": {"repository": "intfloat/multilingual-e5-large-instruct"}}')
    after = world.update("acme", "e1", edit, alice).declaration.model
    assert after.task == "feature-extraction"
    assert after.revision not in {None, before.revision}


def test_engine_and_accelerator_can_be_changed_in_place(
    world: World, clock: Virtual, alice: Person, body: Make
) -> None:
    """Where the sources disagree, the server follows the published example that worked."""
    world.create("acme", parse(body()), alice)
    clock.advance(100)
    compute = {"accelerator": "gpu", "instanceType": "nvidia-l4", "instanceSize": "x1"}
    edit = parse_update(json.dumps({"compute": compute, "model": {"image": {"vLLM": CONTAINER}}}).encode())
    wire = render(world.update("acme", "e1", edit, alice), BASE)
    assert wire["compute"]["id"] == "aws-us-east-1-nvidia-l4-x1"
    assert list(wire["model"]["image"]) == ["vLLM"]


def test_a_router_rolls_out_and_an_empty_one_is_its_removal(body: Make) -> None:
    """As the custom router page describes."""
    old = parse(body())
    routed = put(old, {"customRouter": {"tag": "example/router:1"}})
    assert routed.custom_router is not None
    assert (routed.custom_router.port, routed.same_containers(old)) == (3000, False)
    assert put(routed, {"customRouter": {}}) == old


def test_put_merges_a_router(body: Make) -> None:
    """All but its environment, which is a map; an empty update of it is its removal."""
    old = parse(body(customRouter={"tag": "example/router:1", "port": 80, "env": {"A": "1"}}))
    before = {"tag": "example/router:1", "port": 80, "env": {"A": "1"}}
    patches: list[dict[str, Any]] = [{"tag": "example/router:2"}, {"port": 90}, {"env": {"B": "2"}}, {"env": {}}]
    for patch in patches:
        router = put(old, {"customRouter": patch}).custom_router
        assert router is not None
        assert router.model_dump() == before | patch


def test_a_router_without_its_image_is_refused(body: Make) -> None:
    """On create also the empty one, which removes something on update only; the same for the other router."""
    for router in ({}, {"port": 1}):
        with pytest.raises(InvalidError, match=r"customRouter: missing field `tag`"):
            parse(body(customRouter=router))
    with pytest.raises(InvalidError, match=r"experimentalFeatures.kvRouter: missing field `tag`"):
        put(parse(body()), {"experimentalFeatures": {"kvRouter": {}}})


def test_experimental_features_merge_and_null_removes_the_router(body: Make) -> None:
    """One feature leaves the others alone; unknown ones vanish, at the second level too."""
    old = parse(body(experimentalFeatures={"kvRouter": {"tag": "a", "x": 1}, "skipRepoDownload": True, "warp": 9}))
    assert old.experimental_features.model_dump(by_alias=True, exclude_none=True) == {
        "cacheHttpResponses": False,
        "kvRouter": {"tag": "a"},
        "skipRepoDownload": True,
    }
    new = put(old, {"experimentalFeatures": {"kvRouter": None}}).experimental_features
    assert (new.kv_router, new.skip_repo_download) == (None, True)
    assert put(old, {"experimentalFeatures": None}) == old


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"cacheHttpResponses": True}, True),
        ({"cacheHttpResponses": None}, False),
        ({"experimentalFeatures": {"cacheHttpResponses": True}}, True),
        ({"cacheHttpResponses": True, "experimentalFeatures": {"cacheHttpResponses": False}}, False),
        ({"cacheHttpResponses": True, "experimentalFeatures": {"skipRepoDownload": True}}, True),
    ],
    ids=str,
)
def test_the_response_cache_is_read_at_both_places(body: Make, sent: dict[str, Any], *, expected: bool) -> None:
    """And kept at one; the inner one counts where both were sent."""
    assert expected is parse(body(**sent)).experimental_features.cache_http_responses
    assert expected is put(parse(body()), sent).experimental_features.cache_http_responses


def test_a_measure_is_replaced_whole_and_its_threshold_can_come_alone(body: Make) -> None:
    """Another metric forgets the old threshold; the deprecated bare threshold is of the metric that is."""
    old = parse(body(scaling={"measure": {"pendingRequests": 2.5}}))

    def measured(**scaling: Any) -> tuple[str, float | None]:
        measure = put(old, {"compute": {"scaling": scaling}}).compute.scaling.measure
        return measure.metric, measure.threshold

    assert measured(measure={"hardwareUsage": None}) == ("hardwareUsage", None)
    assert measured(measure={"pendingRequests": None}) == ("pendingRequests", None)
    assert measured(metric="hardwareUsage") == ("hardwareUsage", None)
    assert measured(threshold=4) == ("pendingRequests", 4)
    assert measured(measure=None, maxReplica=2) == ("pendingRequests", 2.5)
    for bad in ({}, {"hardwareUsage": 1, "pendingRequests": 1}, {"latency": 1}):
        with pytest.raises(RefusalError, match=r"compute\.scaling\.measure"):
            measured(measure=bad)


def test_an_unknown_repository_gets_a_commit_all_the_same(shown: Make, body: Make) -> None:
    """The same one every time, another one for another branch."""
    revisions = [
        shown(body(name, model={"repository": "nobody/model", "revision": revision}))["model"]["revision"]
        for name, revision in (("a", None), ("b", "main"), ("c", "dev"), ("d", "f" * 40))
    ]
    assert revisions[0] == revisions[1] != revisions[2]
    assert revisions[3] == "f" * 40


def test_put_can_change_neither_identity_nor_place(body: Make) -> None:
    """Name, provider and private service are not in the update schema and are dropped."""
    old = parse(body())
    patch = {"name": "other", "provider": {"vendor": "gcp"}, "privateService": {"accountId": "1" * 12}}
    assert old == put(old, patch)


def test_null_in_a_put_means_no_change_but_for_two_fields(body: Make) -> None:
    """It turns the timeout off and removes the route; a null task is refused."""
    old = parse(body(scaling={"minReplica": 0}, route={"domain": "x.example"}, tags=["a"]))
    new = put(old, {"tags": None, "model": {"env": None}, "compute": {"scaling": {"scaleToZeroTimeout": None}}})
    assert (["a"], None, old.route) == (new.tags, new.compute.scaling.scale_to_zero_timeout, new.route)
    assert put(old, {"route": None}).route is None
    with pytest.raises(RefusalError, match=r"model\.task"):
        put(old, {"model": {"task": None}})


def test_a_minimum_of_none_brings_its_timeout(body: Make) -> None:
    """An update to minReplica 0 that says nothing of a timeout gets the default, as a create does."""
    old = parse(body())
    assert old.compute.scaling.scale_to_zero_timeout is None
    assert put(old, {"compute": {"scaling": {"minReplica": 0}}}).compute.scaling.scale_to_zero_timeout == 15


def test_an_address_is_hidden_until_running_and_while_paused(
    world: World, clock: Virtual, alice: Person, body: Make
) -> None:
    """It is kept at zero and through updates, and the same after a resume."""
    world.create("acme", parse(body(scaling={"minReplica": 0})), alice)

    def url() -> str | None:
        found: str | None = render(world.get("acme", "e1"), BASE)["status"]["url"]
        return found

    assert url() is None
    clock.advance(100)
    address = url()
    assert address is not None
    assert address.startswith(f"{BASE}/e/")
    world.scale_to_zero("acme", "e1", alice)
    assert address == url()
    world.pause("acme", "e1", alice)
    assert url() is None
    world.resume("acme", "e1", alice)
    assert address == url()
