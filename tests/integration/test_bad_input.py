"""Law 8: a mistake is one line that says where it is, what it is and what to do; nothing is created, no traceback."""

from __future__ import annotations

import re
from typing import Any, Final

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, endpoint, writes

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
VARIANTS: Final = (
    ": give one of huggingface, huggingface_neuron, tgi, tgi_neuron, tei, llamacpp, vllm, vllm_omni, vllm_neuron, "
    "sglang, hf_serve, custom"
)
LLAMACPP: Final = {"url": "a/b:1", "model_path": "m.gguf", "ctx_size": 1, "n_parallel": 1, "threads_http": 1}
RESERVED: Final = "is set by the service for llama.cpp: use the fields of model.image.llamacpp"
MEASURE: Final = "compute.scaling.measure"
TEXT: Final = "needs to be text: put it in quotes"
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
        "compute.scaling.colour: is not a field: there are min_replica, max_replica, scale_to_zero_timeout, measure",
    ),
    "variant": (image(tgii={}), "model.image.tgii: is not a field: did you mean 'tgi'?"),
    "quoted": (scaling(min_replica="1"), f"{REPLICAS}: '1' needs to be a whole number"),
    "truth": (scaling(min_replica=True), f"{REPLICAS}: true needs to be a whole number"),
    "half": (scaling(min_replica=0, scale_to_zero_timeout=1.5), f"{IDLE}: 1.5 needs to be a whole number"),
    "number": (model(env={"LEVEL": 1}), "model.env.LEVEL: 1 needs to be text: put it in quotes"),
    "listed": (model(env=["LEVEL"]), "model.env: ['LEVEL'] needs to be a map of names to texts"),
    "commit": (model(revision=1), "model.revision: 1 needs to be text: put it in quotes"),
    "flat": (
        endpoint(compute="intel-spr"),
        "compute: 'intel-spr' needs to be 'auto', or an object with fields of its own",
    ),
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
        f"model.image: needs exactly one variant, has 'huggingface' and 'tgi'{VARIANTS}",
    ),
    "no-image": (image(), f"model.image: needs exactly one variant, has none{VARIANTS}"),
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
        f"model.image: needs exactly one variant, has 'tgi' and 'custom'{VARIANTS}",
    ),
    "reserved": (
        model(image={"llamacpp": LLAMACPP}, env={"LLAMA_ARG_PORT": "1"}),
        f"model.env: LLAMA_ARG_PORT {RESERVED}",
    ),
    "reserved-secret": (
        model(image={"llamacpp": LLAMACPP}, secrets={"LLAMA_ARG_MODEL": HIDDEN}),
        f"model.secrets: LLAMA_ARG_MODEL {RESERVED}",
    ),
    "context": (
        image(llamacpp={key: value for key, value in LLAMACPP.items() if key != "ctx_size"}),
        "model.image.llamacpp.ctx_size: is missing",
    ),
    "two-measures": (
        scaling(measure={"hardware_usage": 80, "pending_requests": 1}),
        f"{MEASURE}: needs exactly one of 'hardware_usage' and 'pending_requests'",
    ),
    "no-measure": (
        scaling(measure={}),
        f"{MEASURE}: needs exactly one of 'hardware_usage' and 'pending_requests'",
    ),
    "above-all": (
        scaling(measure={"hardware_usage": 180}),
        f"{MEASURE}.hardware_usage: 180 needs to be less than or equal to 100",
    ),
    "percent": (scaling(measure={"hardware_usage": "80%"}), f"{MEASURE}.hardware_usage: '80%' needs to be a number"),
    "none-waiting": (
        scaling(measure={"pending_requests": 0}),
        f"{MEASURE}.pending_requests: 0 needs to be greater than 0",
    ),
    "measure": (scaling(measure=80), f"{MEASURE}: 80 needs to be an object with fields of its own"),
    "minutes": (scaling(min_replica=0, scale_to_zero_timeout="15m"), f"{IDLE}: '15m' needs to be a whole number"),
    "none-at-all": (
        scaling(min_replica=0, max_replica=0),
        "compute.scaling.max_replica: 0 needs to be greater than or equal to 1",
    ),
    "framework": (
        model(framework="tensorflow"),
        "model.framework: 'tensorflow' needs to be 'pytorch', 'custom' or 'llamacpp'",
    ),
    "accelerator": (
        compute(accelerator="tpu"),
        "compute.accelerator: 'tpu' needs to be 'cpu', 'gpu' or 'neuron'",
    ),
    "no-copies": (
        image(vllm={"url": "a/b:1", "tensor_parallel_size": 0}),
        "model.image.vllm.tensor_parallel_size: 0 needs to be greater than or equal to 1",
    ),
    "chunk": (
        image(sglang={"url": "a/b:1", "chunked_prefill_size": -2}),
        "model.image.sglang.chunked_prefill_size: -2 needs to be greater than or equal to -1",
    ),
    "no-url": (image(tgi={"max_input_length": 10}), "model.image.tgi.url: is missing"),
    "no-cache": (
        image(huggingface_neuron={"batch_size": 1}),
        "model.image.huggingface_neuron.neuron_cache: is missing",
    ),
    "port": (
        image(custom={"url": "a/b:1", "port": 70000}),
        "model.image.custom.port: 70000 needs to be less than or equal to 65535",
    ),
    "quoted-port": (
        image(custom={"url": "a/b:1", "port": "80"}),
        "model.image.custom.port: '80' needs to be a whole number",
    ),
    "of-another": (
        image(tei={"url": "a/b:1", "max_input_length": 10}),
        "model.image.tei.max_input_length: is not a field here: it belongs at 'model.image.tgi.max_input_length'",
    ),
    "managed": (
        image(huggingface={"url": "a/b:1"}),
        "model.image.huggingface.url: is not a field here: it belongs at 'model.image.tgi.url'",
    ),
    "no-user": (
        image(custom={"url": "a/b:1", "credentials": {"password": HIDDEN}}),
        "model.image.custom.credentials.username: is missing",
    ),
    "password": (
        image(custom={"url": "a/b:1", "credentials": {"username": "robot", "password": 7}}),
        f"model.image.custom.credentials.password: a number {TEXT}",
    ),
    "option": (endpoint(options={"protct": True}), "options.protct: is not a field: did you mean 'protect'?"),
    "option-type": (endpoint(options={"protect": "yes"}), "options.protect: 'yes' needs to be true or false"),
    "ignored": (
        endpoint(options={"ignore_changes": ["tags", "compute.scaling.maxReplica"]}),
        (
            "options.ignore_changes: 'compute.scaling.maxReplica' is not a field: "
            "did you mean 'compute.scaling.max_replica'?"
        ),
    ),
    "alias": (endpoint(options={"aliases": [{"name": "x"}]}), f"options.aliases.0: {{'name': 'x'}} {TEXT}"),
    "route": (endpoint(route={"domain": "a.example", "path": "chat"}), "route.path: 'chat' needs to begin with '/'"),
    "no-domain": (endpoint(route={"path": "/chat"}), "route.domain: is missing"),
    "no-router": (endpoint(custom_router={"port": 3000}), "custom_router.tag: is missing"),
    "router-port": (
        endpoint(custom_router={"tag": "a/b:1", "port": 0}),
        "custom_router.port: 0 needs to be greater than or equal to 1",
    ),
    "router-env": (endpoint(custom_router={"tag": "a/b:1", "env": {"A": 1}}), f"custom_router.env.A: 1 {TEXT}"),
    "feature": (
        endpoint(experimental_features={"kv_router": {"tag": "a/b:1", "size": 1}}),
        "experimental_features.kv_router.size: is not a field: there are tag",
    ),
    "run-state": (endpoint(run_state="stopped"), "run_state: 'stopped' needs to be 'running' or 'paused'"),
    "replace": (
        endpoint(replace="delete-first"),
        "replace: 'delete-first' needs to be 'create_first' or 'delete_first'",
    ),
    "adopt": (endpoint(adopt=True), "adopt: true needs the 'name' of the endpoint to take over"),
    "half-an-hour": (endpoint(timeouts={"settle": "30m"}), "timeouts.settle: '30m' needs to be a number"),
    "at-once": (endpoint(timeouts={"settle": 0}), "timeouts.settle: 0 needs to be greater than 0"),
    "tag": (endpoint(tags=["a", {"b": "c"}]), f"tags.1: {{'b': 'c'}} {TEXT}"),
    "argument": (model(args=["--port", 80]), f"model.args.1: 80 {TEXT}"),
    "arguments": (model(args="--port 80"), "model.args: '--port 80' needs to be a list"),
    "command": (model(command=["sh", ["-c"]]), f"model.command.1: ['-c'] {TEXT}"),
    "null-repository": (endpoint(model={"repository": None}), f"model.repository: null {TEXT}"),
    "null-region": (endpoint(provider={"vendor": "aws", "region": None}), f"provider.region: null {TEXT}"),
    "null-value": (model(env={"LEVEL": None}), f"model.env.LEVEL: null {TEXT}"),
    "null-object": (endpoint(compute=None), "compute: null needs to be an object with fields of its own"),
    "null-list": (endpoint(tags=None), "tags: null needs to be a list"),
    "null-choice": (endpoint(run_state=None), "run_state: null needs to be 'running' or 'paused'"),
    "null-number": (scaling(max_replica=None), "compute.scaling.max_replica: null needs to be a whole number"),
    "null-tag": (endpoint(tags=[None]), f"tags.0: null {TEXT}"),
    "link-region": (
        endpoint(private_service={"account_id": "123456789012", "region": "us-west-2"}),
        "private_service.region: 'us-west-2' needs to be 'us-east-1' or 'eu-west-1'",
    ),
    "nothing": (None, "needs to be an object with model, compute and provider, is nothing"),
    "list": ([endpoint()], "needs to be an object with model, compute and provider, is a list"),
}  # fmt: skip  (a table)
"""Mistakes that the program finds before anything is registered: endpoint -> (spec, what its line says)."""


def problems(text: str) -> list[str]:
    """The lines about mistakes, without the engine's word before the first."""
    lines = (line.strip().removeprefix("error: ") for line in text.splitlines())
    return [line for line in lines if line.startswith("endpoint '")]


def test_every_mistake_in_the_stack_file_is_shown_at_once_on_a_line_of_its_own(project: Project, server: Running):
    """One run tells all; values that may be secret are not shown, and good endpoints are not created either."""
    assert len(AT_ONCE) >= 60
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


def test_a_misspelt_setting_and_an_empty_logical_name_are_refused(project: Project, server: Running):
    """A map under a key that nobody reads would pass for an empty stack, and the next up would delete everything."""
    project.configure(endpoint={"small": endpoint()}, endpoints={"": endpoint()}, colour="blue")
    outcome = project.preview().expect_failure()
    expected = (
        "error: hf-endpoints:endpoint: is not a setting: did you mean 'hf-endpoints:endpoints'?\n"
        "endpoint '': needs a logical name: the map has an entry whose key is empty\n"
    )
    assert expected in re.sub(r"^ +", "", outcome.text, flags=re.MULTILINE), outcome.text
    assert "colour" not in outcome.text, "a program may have settings of its own"
    assert writes(server) == []


def test_a_physical_name_belongs_to_one_endpoint_of_the_stack(project: Project, server: Running):
    """Two of one name would take turns with one endpoint: the second is refused, and told which has it."""
    project.declare({"first": endpoint(name="mine"), "second": endpoint(name="mine"), "third": endpoint(name="ours")})
    outcome = project.up().expect_failure()
    line = "endpoint 'second': name: 'mine' is the name of endpoint 'first' as well: give each its own"
    assert [line] == problems(outcome.text.rpartition("Diagnostics:")[2])

    before = len(server.journal.entries())
    project.declare({name: endpoint(name=name) for name in ("mine", "ours", "theirs")})
    assert set(project.planned().values()) == {"create"}
    asked = [entry.path for entry in server.journal.entries()[before:] if entry.path.startswith("/v2/endpoint/")]
    assert asked == [f"/v2/endpoint/{NAMESPACE}"] * 2, "one list for all checks, and one for the outputs"
    assert writes(server) == []


def test_an_engine_on_several_accelerators_needs_a_parallel_size(project: Project, server: Running):
    """The API would refuse it; on one accelerator, or on a CPU with several cores, there is nothing to divide."""
    vllm = {**MODEL, "image": {"vllm": {"url": "a/b:1"}}}
    four = {"instance_type": "nvidia-l4", "instance_size": "x4"}
    project.declare({"small": endpoint(model=vllm, compute=four)})
    said = (
        "endpoint 'small': model.image.vllm.tensor_parallel_size: is missing, and nvidia-l4 x4 has 4 accelerators: "
        "set it to 4, or together with data_parallel_size"
    )
    assert f"has a problem: {said}\n" in project.preview().expect_failure().text
    divided = {**MODEL, "image": {"vllm": {"url": "a/b:1", "tensor_parallel_size": 4}}}
    cores = {"instance_type": "intel-spr", "instance_size": "x4"}
    project.declare({"gpus": endpoint(model=divided, compute=four), "cpus": endpoint(model=vllm, compute=cores)})
    assert project.planned() == {"gpus": "create", "cpus": "create"}
    assert writes(server) == []


def commands(text: str) -> list[str]:
    """The paths in the commands that encrypt."""
    return re.findall(r"stands in plain text in the stack file: run 'pulumi config set --secret --path \"(.+)\"'", text)


def test_a_secret_in_plain_text_is_warned_of_with_the_command_that_encrypts_it(project: Project):
    """The stack file usually is in git. The command that is shown works; what is still plain is told again."""
    registry = {"url": "a/b:1", "credentials": {"username": "robot", "password": HIDDEN}}
    project.declare({"small": model(secrets={"KEY": HIDDEN}, image={"custom": registry})})
    text = project.preview().expect_success().text.rpartition("Diagnostics:")[2]
    assert HIDDEN not in text
    paths = commands(text)
    below = "hf-endpoints:endpoints.small.model"
    assert sorted(paths) == [
        f"{below}.image.custom.credentials.password",
        f"{below}.image.custom.credentials.username",
        f"{below}.secrets.KEY",
    ]
    for path in paths:
        project.pulumi("config", "set", "--secret", "--path", path, HIDDEN, "-s", project.stack).expect_success()
        if path == paths[0]:
            assert commands(project.preview().expect_success().text) == paths[1:]
    assert HIDDEN not in project.stack_file.read_text()
    assert "plain text" not in project.preview().expect_success().text
