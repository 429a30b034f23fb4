"""The Hub's own client against the reference server: a witness that knows neither of our implementations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    InferenceEndpointError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from huggingface_hub import HfApi

    from hf_reference.server import Running


def test_a_whole_life_through_the_clients_own_eyes(server: Running, api: HfApi, small: dict[str, Any]) -> None:
    """Create, look, update, pause, resume, scale to zero, delete: each step shows the documented status."""
    created = api.create_inference_endpoint("e1", min_replica=0, **small)
    assert (created.status, created.url, created.task) == ("pending", None, "text-generation")
    server.advance(10)
    assert created.fetch().status == "initializing"
    server.advance(20)
    running = created.fetch()
    assert running.status == "running"
    assert running.url is not None
    address = running.url

    assert running.update(revision="v1.0").status == "updating"
    server.advance(15)
    assert running.fetch().status == "running"
    assert running.updated_at > running.created_at

    paused = running.pause()
    assert (paused.status, paused.url) == ("paused", None)
    assert running.resume().status == "pending"
    server.advance(30)
    assert running.fetch().url == address

    zero = running.scale_to_zero()
    assert (zero.status, zero.url) == ("scaledToZero", address)
    running.delete()
    server.advance(1)
    with pytest.raises(HfHubHTTPError) as gone:
        running.fetch()
    assert gone.value.response.status_code == 404


def test_the_clients_wait_ends_once_the_endpoint_serves(
    fast: Running, point: Callable[[Running], HfApi], small: dict[str, Any]
) -> None:
    """It sees the status and the health route, and gives an endpoint that generates text at once."""
    endpoint = point(fast).create_inference_endpoint("e1", **small)
    endpoint.wait(timeout=20, refresh_every=0.02)  # type: ignore[arg-type] # any number works
    assert endpoint.status == "running"
    text = endpoint.client.text_generation("The harbour", max_new_tokens=5)
    assert len(text.split()) == 5


def test_the_clients_wait_raises_on_a_failed_deployment(
    fast: Running, point: Callable[[Running], HfApi], small: dict[str, Any]
) -> None:
    """A deployment that fails on request fails as a real one does."""
    fast.faults.add({"match": {"endpoint": "acme/e1"}, "fault": {"kind": "deploy_fails"}})
    endpoint = point(fast).create_inference_endpoint("e1", **small)
    with pytest.raises(InferenceEndpointError):
        endpoint.wait(timeout=20, refresh_every=0.02)  # type: ignore[arg-type] # any number works
    assert endpoint.status == "failed"


def test_generation_honours_what_the_client_can_ask(server: Running, api: HfApi, small: dict[str, Any]) -> None:
    """Length, stop sequences, full text and details arrive, and come back in the client's own types."""
    api.create_inference_endpoint("e1", **small)
    server.advance(30)
    client = api.get_inference_endpoint("e1", namespace="acme").client
    plain = client.text_generation("The harbour", max_new_tokens=12, seed=7)
    assert plain == client.text_generation("The harbour", max_new_tokens=12, seed=7)
    full = client.text_generation("The harbour", max_new_tokens=12, seed=7, return_full_text=True)
    assert full == f"The harbour{plain}"
    detailed = client.text_generation("The harbour", max_new_tokens=12, seed=7, details=True)
    assert detailed.generated_text == plain
    assert detailed.details is not None
    assert (detailed.details.finish_reason, detailed.details.generated_tokens) == ("length", 12)
    stop = plain[9:14]
    stopped = client.text_generation("The harbour", max_new_tokens=12, seed=7, stop=[stop], details=True)
    assert stopped.generated_text.endswith(stop)
    assert stopped.details is not None
    assert stopped.details.finish_reason == "stop_sequence"


def test_updates_merge_and_replace_as_the_guides_say(server: Running, api: HfApi, small: dict[str, Any]) -> None:
    """Scaling and route merge; env, args, tags and image are replaced whole; an empty update changes nothing."""
    image = {"vLLM": {"url": "example/vllm", "tensorParallelSize": 1}}
    api.create_inference_endpoint(
        "e1", env={"A": "1", "B": "2"}, tags=["a"], custom_image=image, domain="a.example", path="/p", **small
    )
    server.advance(30)

    def update(**changes: Any) -> dict[str, Any]:
        raw: dict[str, Any] = api.update_inference_endpoint("e1", namespace="acme", **changes).raw
        return raw

    before = update()
    assert update(max_replica=3)["compute"]["scaling"] == {**before["compute"]["scaling"], "maxReplica": 3}
    assert update(path="/q")["route"] == {"domain": "a.example", "path": "/q"}
    assert update(domain="b.example")["route"] == {"domain": "b.example", "path": "/q"}
    assert update(env={"C": "3"})["model"]["env"] == {"C": "3"}
    assert update(container_args=["--x"])["model"]["args"] == ["--x"]
    assert update(container_args=[])["model"]["args"] == []
    assert update(tags=["b"])["tags"] == ["b"]
    after = update(custom_image={"vLLM": {"url": "example/vllm:2"}})
    assert after["model"]["image"] == {"vLLM": {"url": "example/vllm:2", "port": 80}}
    assert after["provider"] == before["provider"]


def test_registry_credentials_and_secrets_do_not_come_back(api: HfApi, small: dict[str, Any], server: Running) -> None:
    """Neither in an answer nor in the journal."""
    created = api.create_inference_endpoint(
        "e1",
        secrets={"KEY": "hunter2"},
        custom_image={"url": "example/private"},
        container_registry_username="bob",
        container_registry_password="hunter2",
        **small,
    )
    assert created.raw["model"]["image"]["custom"]["credentials"] == {"username": "", "password": None}
    assert created.raw["model"]["secrets"] == {"KEY": None}
    assert "hunter2" not in f"{created.raw}"
    assert "hunter2" not in server.journal.text()
    assert "KEY" in server.journal.text()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"instance_type": "c6i"}, "VALIDATION_FAILED: compute: unknown instance"),
        ({"custom_image": {"vLLM": {"tensorParallelSize": 1}}}, "missing field `url`"),
        ({"max_replica": 61}, "Quota exceeded for intel-spr"),
        ({"revision": "no-such-branch"}, "VALIDATION_FAILED: model.revision"),
    ],
    ids=str,
)
def test_a_refused_create_is_the_clients_bad_request(
    api: HfApi, small: dict[str, Any], changes: dict[str, Any], text: str
) -> None:
    """400, with the server's text in the exception, and nothing was made."""
    with pytest.raises(BadRequestError) as refused:
        api.create_inference_endpoint("e1", **(small | changes))
    assert text in str(refused.value)
    assert refused.value.request_id
    assert api.list_inference_endpoints("acme") == []


def test_a_taken_name_is_a_conflict(api: HfApi, small: dict[str, Any]) -> None:
    """409 in one namespace, and no obstacle in another."""
    api.create_inference_endpoint("e1", **small)
    with pytest.raises(HfHubHTTPError) as taken:
        api.create_inference_endpoint("e1", **small)
    assert taken.value.response.status_code == 409
    api.create_inference_endpoint("e1", **(small | {"namespace": "umbrella"}))


def test_resume_of_a_running_endpoint_is_what_the_client_swallows(
    server: Running, api: HfApi, small: dict[str, Any]
) -> None:
    """By default the client takes the refusal for success; asked not to, it raises."""
    api.create_inference_endpoint("e1", **small)
    server.advance(30)
    assert api.resume_inference_endpoint("e1", namespace="acme").status == "running"
    with pytest.raises(BadRequestError, match="already running"):
        api.resume_inference_endpoint("e1", namespace="acme", running_ok=False)


def test_the_client_lists_a_first_page_of_twenty(api: HfApi, small: dict[str, Any]) -> None:
    """It never follows a cursor, so a namespace of 25 shows 20, oldest first."""
    for number in range(25):
        api.create_inference_endpoint(f"e{number:02}", **small)
    names = [endpoint.name for endpoint in api.list_inference_endpoints("acme")]
    assert names == [f"e{number:02}" for number in range(20)]


def test_the_hardware_list_shows_prices_and_used_quota(api: HfApi, small: dict[str, Any]) -> None:
    """In the client's own type, with what the namespace holds."""
    api.create_inference_endpoint("e1", max_replica=3, **small)
    rows = {row.id: row for row in api.list_inference_endpoints_hardware(namespace="acme")}
    row = rows["aws-us-east-1-intel-spr-x1"]
    assert (row.price_per_hour, row.max_accelerators, row.used_accelerators) == (0.033, 60, 3)
    assert rows["aws-us-east-1-nvidia-a10g-x1"].gpu_memory_gb == 24
    assert rows["aws-us-east-1-nvidia-h100-x1"].status == "deprecated"


def test_whoami_and_model_info_answer_as_the_hub_does(api: HfApi) -> None:
    """Enough for a default namespace, for sizing, and for resolving a revision."""
    assert api.whoami()["name"] == "reference-user"
    info = api.model_info("tiiuae/falcon-7b-instruct")
    assert info.safetensors is not None
    assert info.safetensors.total > 7_000_000_000
    assert info.pipeline_tag == "text-generation"
    tagged = api.model_info("tiiuae/falcon-7b-instruct", revision="v1.0")
    assert len(tagged.sha or "") == 40
    assert tagged.sha != info.sha
    for repository, revision in (("no-such/model", None), ("gpt2", "no-such-branch")):
        with pytest.raises(HfHubHTTPError) as missing:
            api.model_info(repository, revision=revision)
        assert missing.value.response.status_code == 404


def test_whoami_tells_what_a_token_may_do(server: Running, api: HfApi) -> None:
    """The scopes of a fine-grained one by user and organisation, the role of a classic one, and whether it can pay."""
    narrowed = {"user": "bob", "permissions": ["read", "infer"], "namespaces": ["bob", "acme"], "can_pay": False}
    server.tokens.replace({"hf_contract": narrowed, "hf_old": {"user": "eve", "role": "write"}})
    me = api.whoami()
    may = ["inference.endpoints.read", "inference.endpoints.infer.write"]
    token = me["auth"]["accessToken"]
    assert (me["type"], me["name"], me["canPay"], token["role"]) == ("user", "bob", False, "fineGrained")
    assert [(org["name"], org["roleInOrg"]) for org in me["orgs"]] == [("acme", "write")]
    assert token["fineGrained"]["scoped"] == [
        {"entity": {"type": "user", "name": "bob"}, "permissions": may},
        {"entity": {"type": "org", "name": "acme"}, "permissions": may},
    ]
    classic = api.whoami(token="hf_old")["auth"]["accessToken"]
    assert (classic["role"], "fineGrained" in classic) == ("write", False)


LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
PRIVATE = "acme/private-model"


def test_an_open_server_lets_every_token_read_everything(api: HfApi) -> None:
    """Nothing is raised, but for a repository that is not there."""
    for repository in ("gpt2", "openai-community/gpt2", LLAMA, PRIVATE):
        api.auth_check(repository)
    with pytest.raises(RepositoryNotFoundError):
        api.auth_check("no-such/model")


def test_a_gated_repository_is_refused_until_its_conditions_are_accepted(server: Running, api: HfApi) -> None:
    """As the client's own error for it; the page stays visible, and other repositories stay readable."""
    server.tokens.replace({"hf_contract": {"namespaces": ["umbrella"]}})
    with pytest.raises(GatedRepoError) as refused:
        api.auth_check(LLAMA)
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers["x-error-code"] == "GatedRepo"
    assert api.model_info(LLAMA).gated == "manual"
    api.auth_check("gpt2")
    server.tokens.replace({"hf_contract": {"gated": [LLAMA]}})
    api.auth_check(LLAMA)


def test_a_private_repository_is_not_there_for_strangers(server: Running, api: HfApi) -> None:
    """Neither to the check nor on its page, unless the token reaches its namespace."""
    server.tokens.replace({"hf_contract": {"namespaces": ["umbrella"]}})
    for ask in (api.auth_check, api.model_info):
        with pytest.raises(RepositoryNotFoundError) as refused:
            ask(PRIVATE)
        assert refused.value.response.status_code == 404
    server.tokens.replace({"hf_contract": {"namespaces": ["acme"]}})
    api.auth_check(PRIVATE)
    assert api.model_info(PRIVATE).private is True


def test_a_check_without_a_token_is_for_what_is_public(call: Callable[..., Any], server: Running) -> None:
    """A gated repository asks for one, a private one is not there, and a token that nobody knows is no token."""
    path = "/api/models/{}/auth-check"
    assert call("GET", path.format("gpt2"), token=None).status == 200
    gated = call("GET", path.format(LLAMA), token=None)
    assert (gated.status, gated.headers["x-error-code"]) == (401, "GatedRepo")
    hidden = call("GET", path.format(PRIVATE), token=None)
    assert (hidden.status, hidden.headers["x-error-code"]) == (404, "RepoNotFound")
    server.tokens.replace({"hf_other": {}})
    assert call("GET", path.format("gpt2")).status == 401


def test_the_configuration_of_a_model_is_a_file_at_the_root(call: Callable[..., Any], server: Running) -> None:
    """At a branch or commit, for who may read the files; 404 in the Hub's form for what is not there."""
    path = "/{}/resolve/{}/config.json"
    falcon = call("GET", path.format("tiiuae/falcon-7b-instruct", "main"), token=None)
    assert (falcon.status, falcon.body["num_attention_heads"]) == (200, 71)
    assert call("GET", path.format("gpt2", "0" * 40), token=None).body["n_head"] == 12
    gated = call("GET", path.format(LLAMA, "main"), token=None)
    assert (gated.status, gated.headers["x-error-code"]) == (401, "GatedRepo")
    for repository, revision, code in (
        ("no-such/model", "main", "RepoNotFound"),
        ("gpt2", "v9", "RevisionNotFound"),
        ("dslim/bert-base-NER", "main", "EntryNotFound"),
    ):
        missing = call("GET", path.format(repository, revision))
        assert (missing.status, missing.headers["x-error-code"]) == (404, code)
    server.tokens.replace({"hf_contract": {"gated": []}})
    assert call("GET", path.format(LLAMA, "main")).status == 403


def test_a_resolved_revision_is_the_one_the_hub_shows(api: HfApi, small: dict[str, Any]) -> None:
    """What the endpoint runs is what the model's page says."""
    created = api.create_inference_endpoint("e1", revision="v1.0", **small)
    assert created.revision == api.model_info(small["repository"], revision="v1.0").sha


def test_a_branch_that_moves_on_leaves_endpoints_where_they_are(
    server: Running, api: HfApi, small: dict[str, Any]
) -> None:
    """The list of commits has one more, the model's page shows it, and the next update to the branch takes it."""
    created = api.create_inference_endpoint("e1", revision="main", **small)
    before = api.list_repo_commits(small["repository"])
    moved = server.move_branch(small["repository"])
    after = api.list_repo_commits(small["repository"], revision="main")
    assert [commit.commit_id for commit in after] == [moved, *(commit.commit_id for commit in before)]
    assert (after[0].title, after[0].authors, before[-1].title) == (
        "Update model (main, 1)",
        ["system"],
        "initial commit",
    )
    assert api.model_info(small["repository"]).sha == moved
    assert created.fetch().revision == before[0].commit_id
    assert created.update(revision="main").revision == moved
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_commits(small["repository"], revision="v9")
    with pytest.raises(RepositoryNotFoundError):
        api.list_repo_commits("acme/nowhere")


def test_a_lost_answer_leaves_an_endpoint_that_nobody_was_told_of(
    server: Running, api: HfApi, small: dict[str, Any]
) -> None:
    """The client sees a broken connection and no status; the endpoint is there, and the second create is a conflict."""
    server.faults.add({"match": {"method": "POST", "endpoint": "acme/e1"}, "fault": {"kind": "answer_lost"}})
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        api.create_inference_endpoint("e1", **small)
    assert api.get_inference_endpoint("e1", namespace="acme").status == "pending"
    assert [(e.status, e.faults) for e in server.journal.entries() if e.method == "POST"] == [(None, ("answer_lost",))]
    with pytest.raises(HfHubHTTPError) as taken:
        api.create_inference_endpoint("e1", **small)
    assert taken.value.response.status_code == 409
