"""Law 6: a secret is at the API, encrypted in the state, and nowhere else."""

from __future__ import annotations

import base64
import json
import pickletools

from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, TOKEN, Project, calls, endpoint, writes

MODEL = {"repository": "openai-community/gpt2", "task": "text-generation"}
PLAIN = "plain-7c2f9d"
NESTED = "nested-51ab3e"
EDITED = "edited-e08b44"
PASSWORD = "password-93d1c6"
ENCRYPTED = {"4dabf18193072939515e22adb298388d", "ciphertext"}
"""The keys of an encrypted value in an exported state."""


def assert_hidden(text: str, *secrets: str) -> None:
    """None of the secrets stands in the text."""
    for secret in secrets:
        assert secret not in text, f"{secret} in:\n{text}"


def shown(server: Running, hub: HfApi) -> str:
    """The journal of calls, and the endpoints with their tags as the API shows them."""
    return "\n".join([server.journal.text(), *(json.dumps(e.raw) for e in hub.list_inference_endpoints(NAMESPACE))])


def backend(project: Project) -> str:
    """Every file of the backend: the state, its backup and the history of updates with their configuration."""
    files = [path for path in (project.folder / "backend").rglob("*") if path.is_file()]
    assert len(files) > 1
    return "\n".join(path.read_text() for path in files)


def declare(project: Project, nested: str) -> None:
    """Two endpoints: one with a plain and an encrypted secret in the stack file, one with a registry's password."""
    registry = {"url": "registry.example/model:1", "credentials": {"username": "robot", "password": PASSWORD}}
    project.declare(
        {
            "small": endpoint(model={**MODEL, "secrets": {"PLAIN": PLAIN}}),
            "custom": endpoint(model={**MODEL, "image": {"custom": registry}}),
        }
    )
    where = "hf-endpoints:endpoints.small.model.secrets.NESTED"
    project.pulumi("config", "set", "--path", "--secret", where, nested, "-s", project.stack).expect_success()


def test_a_secret_is_nowhere_in_plain_text_and_editing_one_is_one_put(project: Project, server: Running, hub: HfApi):
    """From the first preview to the refresh after a drift, whether the stack file has it as text or as ``secure:``."""
    declare(project, NESTED)
    assert "secure:" in project.stack_file.read_text()
    texts = [project.preview().expect_success().text, project.up().expect_success().text]
    sent = next(entry.body for entry in calls(server, "POST") if entry.body["name"].startswith("small"))
    assert sent["model"]["secrets"].keys() == {"PLAIN", "NESTED"}

    declare(project, EDITED)
    texts += [project.preview().expect_success().text, project.up().expect_success().text]
    [put] = calls(server, "PUT")
    before, after = sent["model"]["secrets"], put.body["model"].pop("secrets")
    assert put.body == {"model": {}}
    assert (after["PLAIN"], after.keys()) == (before["PLAIN"], before.keys())  # equal stand-ins are equal secrets
    assert after["NESTED"] != before["NESTED"]

    hub.update_inference_endpoint(put.path.rpartition("/")[2], namespace=NAMESPACE, max_replica=4)
    texts += [project.refresh().expect_success().text, project.preview().expect_success().text]
    state = project.exported()
    assert_hidden("\n".join([*texts, state, shown(server, hub)]), PLAIN, NESTED, EDITED, PASSWORD, TOKEN)
    assert_hidden(backend(project), NESTED, EDITED, TOKEN)
    for entry in project.resources():
        for side in ("inputs", "outputs"):
            model = entry[side]["model"]
            held = model["secrets"] if "secrets" in model else model["image"]["custom"]["credentials"]["password"]
            assert held.keys() == ENCRYPTED


def test_a_secret_given_as_text_in_the_stack_file_is_encrypted_in_the_state(project: Project):
    """A stack file without any ``secure:`` leaves nothing readable in the state either."""
    project.declare({"small": endpoint(model={**MODEL, "secrets": {"PLAIN": PLAIN}}, wait=False)})
    project.up().expect_success()
    [stored] = project.resources()
    assert stored["inputs"]["model"]["secrets"].keys() == ENCRYPTED
    assert_hidden(project.exported(), PLAIN)


def test_the_provider_is_stored_as_a_reference_to_its_import_path(project: Project):
    """Editing the provider's code is no change of any resource, and its bytes are neither long nor a secret."""
    project.declare({"small": endpoint(wait=False)})
    project.up().expect_success()
    [stored] = project.resources()
    pickled = stored["inputs"]["__provider"]
    assert isinstance(pickled, str)
    assert stored["outputs"]["__provider"] == pickled
    assert len(base64.b64decode(pickled)) < 100
    words = [argument for _, argument, _ in pickletools.genops(base64.b64decode(pickled)) if isinstance(argument, str)]
    assert words == ["hf_endpoints.provider.provider", "EndpointProvider"]


def test_a_token_from_the_stack_configuration_deploys_and_is_kept_encrypted(
    project: Project, server: Running, hub: HfApi
):
    """The token of ``hf-endpoints:token`` serves program and provider, with none in the environment."""
    token = "hf_of_the_stack_file"
    server.tokens.replace({token: {"user": "robot"}, "hf_somebody_else": {"user": "somebody"}})
    project.declare({"small": endpoint()})
    project.pulumi("config", "set", "--secret", "hf-endpoints:token", token, "-s", project.stack).expect_success()
    texts = [project.up(HF_TOKEN="").expect_success().text, project.exported()]
    assert [entry.user for entry in calls(server, "POST")] == ["robot"]
    assert_hidden("\n".join([*texts, backend(project), shown(server, hub)]), token)


def test_a_token_that_was_replaced_changes_no_endpoint_and_comes_in_by_the_environment_for_destroy(
    project: Project, server: Running
):
    """``destroy`` runs on the settings of the last ``up``; the environment is how a newer token reaches it."""
    old, new, newest = "hf_old", "hf_new", "hf_newest"
    server.tokens.replace({old: {"user": "robot"}})
    project.declare({"small": endpoint()})
    project.pulumi("config", "set", "--secret", "hf-endpoints:token", old, "-s", project.stack).expect_success()
    project.up(HF_TOKEN="").expect_success()
    before = writes(server)
    server.tokens.replace({new: {"user": "robot"}})
    project.pulumi("config", "set", "--secret", "hf-endpoints:token", new, "-s", project.stack).expect_success()
    project.up(HF_TOKEN="").expect_success()
    assert writes(server) == before
    server.tokens.replace({newest: {"user": "robot"}})
    assert "HF_TOKEN" in project.destroy(HF_TOKEN="").expect_failure().text
    project.destroy(HF_TOKEN=newest).expect_success()
    assert server.world.every(NAMESPACE) == []
