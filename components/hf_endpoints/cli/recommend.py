"""``hf-endpoints recommend``: which instances hold a model, ranked by price, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from hf_endpoints.cli.context import hub, namespace_option, required
from hf_endpoints.cli.hardware import described, place_options
from hf_endpoints.cli.output import Output, table
from hf_endpoints.core.hardware import Instance, Wanted
from hf_endpoints.core.recommending import Fit, fits, reasons, without_neuron
from hf_endpoints.core.sizing import Load, ModelFacts, Need, Weights, weights_of
from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.hub.catalog import Recipe
from hf_endpoints.hub.client import HubClient
from hf_endpoints.spec.auto import PRECISIONS, Precision

_HEAD: Final = ("$/hour", "vendor", "region", "instance", "weights", "takes", "of", "free", "quota left", "status")
_RIGHT: Final = (0, 5, 6, 7, 8)


@click.command()
@click.argument("repository")
@click.option("--revision", help="Branch, tag or commit; the default branch when left out.")
@click.option(
    "--context-length",
    type=click.IntRange(min=1),
    help="Tokens of one sequence, prompt and answer [default: 4096, or what the model takes if that is less].",
)
@click.option("--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Sequences at a time.")
@click.option("--precision", type=click.Choice(PRECISIONS), help="Only with such weights; each way when left out.")
@click.option("--gguf-file", help="Only with this file, of a repository of GGUF files.")
@click.option("--max-price", type=click.FloatRange(min=0), help="At most so many dollars per replica and hour.")
@namespace_option
@place_options
@click.pass_obj
def recommend(  # noqa: PLR0913 - one argument per option
    out: Output,
    *,
    repository: str,
    revision: str | None,
    context_length: int | None,
    batch: int,
    precision: Precision | None,
    gguf_file: str | None,
    max_price: float | None,
    namespace: str | None,
    vendor: str | None,
    region: str | None,
    accelerator: str | None,
) -> None:
    """List the instances that hold the model REPOSITORY, the cheapest first, each with the best weights that fit.

    What is estimated, and how: docs/sizing.md.
    """
    client = hub()
    wanted = Wanted(vendor, region, accelerator, max_price=max_price)
    everything = client.hardware(required(namespace))
    rows = without_neuron(everything, wanted)
    facts = client.facts(repository, revision)
    load = Load(context_length, batch)
    ways = weights_of(facts, precision, gguf_file)
    if not ways:
        message = f"the size of {repository!r} is not known: {_why_unknown(facts, gguf_file)}"
        raise DeclarationError(message)
    recipes, silence = _recipes(client, repository)
    found = fits(facts, ways, load, rows)
    why = reasons(facts, ways, load, rows) if rows else ()
    words = [*_of_catalog(recipes, repository), *([silence] if silence else []), *why]
    text = "\n".join([_subject(facts, ways[0], load), *words, "", _shown(found, wanted, everything)])
    out.say(
        text,
        {
            "repository": repository,
            "commit": facts.commit,
            "task": facts.task,
            "parameters": facts.count,
            "catalog": [
                {"id": each.id, "engine": each.engine, "accelerator": each.accelerator, "gguf_file": each.gguf_file}
                for each in recipes
            ],
            "memory": [_memory(Need.of(facts, way, load)) for way in ways],
            "instances": [_described(fit) for fit in found],
            "reasons": words,
        },
    )


def _why_unknown(facts: ModelFacts, gguf_file: str | None) -> str:
    if gguf_file is not None:
        files = ", ".join(sorted(path for path in facts.files if path.endswith(".gguf"))) or "none"
        return f"--gguf-file {gguf_file!r} is not among its GGUF files: there is {files}"
    return "the Hub counts no parameters of it, and it has no GGUF, .safetensors or .bin file"


def _recipes(client: HubClient, repository: str) -> tuple[tuple[Recipe, ...], str | None]:
    """The catalog's recipes, and a line where it cannot be asked: a recommendation can do without."""
    try:
        return client.recipes(repository), None
    except ApiUnwell as error:
        return (), str(error)


def _of_catalog(recipes: Sequence[Recipe], repository: str) -> list[str]:
    return [
        f"catalog: {recipe.engine} on {recipe.accelerator}"
        f"{f' with {recipe.gguf_file}' if recipe.gguf_file else ''} is a recipe that the service has tried "
        f"({recipe.id}; hf endpoints catalog deploy --repo {repository})"
        for recipe in recipes
    ]


def _subject(facts: ModelFacts, way: Weights, load: Load) -> str:
    need = Need.of(facts, way, load)
    count = f"{facts.count / 1e9:.2f} billion parameters, " if facts.count else ""
    cache = f"a KV cache of {need.kv_gb:.2f} GB for {need.tokens:,} tokens ({need.attention.source})"
    return f"{facts.repository}: {count}{cache if need.attention.source else 'no KV cache'}"


def _shown(found: Sequence[Fit], wanted: Wanted, everything: Sequence[Instance]) -> str:
    if not found:
        return f"no instance: {wanted.why_none(everything) or 'none holds it'}"
    return table(_HEAD, map(_cells, found), _RIGHT)


def _cells(fit: Fit) -> tuple[str, ...]:
    row = fit.row
    return (
        f"{row.price_per_hour:.3f}",
        row.vendor,
        row.region,
        row.id,
        fit.weights.name,
        f"{fit.needs_gb:.1f}",
        f"{fit.has_gb:g} GB",
        f"{fit.headroom_gb:.1f}",
        "" if row.left is None else str(row.left),
        ", ".join([row.status.replace("_", " "), *(["slow for text"] if fit.is_slow else [])]),
    )


def _memory(need: Need) -> dict[str, Any]:
    return {
        "weights": need.weights.name,
        "weights_gb": round(need.weights_gb, 3),
        "kv_cache_gb": round(need.kv_gb, 3),
        "kv_cache_source": need.attention.source,
        "tokens": need.tokens,
        "on_one_accelerator_gb": round(need.on(1), 3),
    }


def _described(fit: Fit) -> dict[str, Any]:
    return {
        **described(fit.row),
        "weights": fit.weights.name,
        "takes_gb": round(fit.needs_gb, 3),
        "has_gb": fit.has_gb,
        "headroom_gb": round(fit.headroom_gb, 3),
        "slow_for_text": fit.is_slow,
    }
