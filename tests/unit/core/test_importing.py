from __future__ import annotations

import pytest

from hf_endpoints.core.importing import adopted
from hf_endpoints.errors import DeclarationError
from tests.support.builders import REMOVED, seen


def test_its_own_name_is_its_logical_name_and_empty_values_stay_the_services() -> None:
    """What the API filled in with nothing is no declaration."""
    entry = adopted(seen(tags=["blue"]), "acme", "shop/dev", "c0ffee")
    assert (entry.logical_name, entry.declaration["name"]) == ("falcon-12345678", "falcon-12345678")
    assert entry.declaration["model"]["image"] == {"huggingface": {}}
    assert entry.declaration["tags"] == ["blue"]
    assert {"args", "command", "env"} & entry.declaration["model"].keys() == set()
    assert entry.state.inputs.owner == "shop/dev/falcon-12345678"


def test_an_engine_that_is_not_known_is_not_taken_for_the_default_one() -> None:
    """An update would send the default container in its place."""
    image = {"huggingface": REMOVED, "newEngine": {"url": "a/b:1"}}
    with pytest.raises(DeclarationError, match=r"^endpoint 'falcon-12345678': model\.image: is of an engine that"):
        adopted(seen(model={"image": image}), "acme", "shop/dev", "c0ffee")
