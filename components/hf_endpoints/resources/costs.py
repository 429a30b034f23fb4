"""The stack output `cost`: what the endpoints of a program cost, from their checked declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from hf_endpoints.core.cost import CURRENCY, Prices, cost_of, plain_cost, plain_total
from hf_endpoints.core.tree import Tree
from hf_endpoints.resources.inference_endpoint import InferenceEndpoint
from hf_endpoints.resources.properties import together


def cost_output(endpoints: Mapping[str, InferenceEndpoint], prices: Prices) -> dict[str, Any]:
    """The structure that docs/cost.md describes.

    What the engine does not know yet in a preview makes the cost of its endpoint unknown, and the sums with it.
    """
    costs = {name: endpoint.checked.apply(lambda tree: _cost(tree, prices)) for name, endpoint in endpoints.items()}
    sums = together(costs).apply(plain_total)
    return {
        "currency": CURRENCY,
        "prices": prices.source,
        "per_hour": sums["per_hour"],
        "per_month": sums["per_month"],
        "without_price": sums["without_price"],
        "endpoints": {name: cost.apply(plain_cost) for name, cost in costs.items()},
    }


def _cost(tree: Tree, prices: Prices) -> Any:  # noqa: ANN401  a Cost, or Pulumi's mark
    return cost_of(tree, prices) or pulumi.output.UNKNOWN
