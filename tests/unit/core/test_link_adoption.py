from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hf_endpoints.core.link_adoption import adoptable, adoption, in_words
from hf_endpoints.core.private_link import GENERATION_KEY, OWNER_KEY, LinkInputs, LinkState, Seen
from hf_endpoints.errors import AlreadyExists, ApiRefused, NotFound
from hf_endpoints.spec import UNKNOWN, fields_on
from hf_endpoints.spec.private_link import VPC_ENDPOINT

FIELDS = fields_on(VPC_ENDPOINT)
TREE = {
    "service_name": "com.amazonaws.vpce.us-east-1.vpce-svc-1",
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "security_group_ids": ["sg-1"],
    "private_dns": False,
    "region": "us-east-1",
    "tags": {"team": "ml"},
}
DECLARED = LinkInputs("shop/dev/inside", 1, TREE, adopt="vpce-1")


def there(tags: dict[str, str] | None = None, state: str = "available", **changes: Any) -> Seen:
    """What somebody clicked together."""
    return Seen("vpce-1", state, "", tags or {}, {**TREE, **changes})


def test_only_what_is_declared_changes() -> None:
    """The account's own tags stay; what is not known yet is not told as a change."""
    found = there({"team": "web", "cost-centre": "7"}, subnet_ids=["subnet-1"])
    inputs = replace(DECLARED, tree={**TREE, "service_name": UNKNOWN, "security_group_ids": [UNKNOWN]})
    assert adoptable(inputs, found, FIELDS, VPC_ENDPOINT) == found
    assert in_words(adoption(inputs, found, FIELDS)) == (
        "subnet_ids ['subnet-1'] -> ['subnet-1', 'subnet-2']; security_group_ids ['sg-1'] -> ['not known yet']; "
        "tags {'team': 'web'} -> {'team': 'ml'}"
    )


def test_one_that_is_as_declared_gets_our_tags_and_nothing_else() -> None:
    """They say whose it is from then on."""
    assert in_words(adoption(DECLARED, there({"team": "ml"}), FIELDS)) == "tags"


@pytest.mark.parametrize("state", ["available", "rejected", "deleted"])
def test_one_that_is_ours_already_is_not_adopted_again(state: str) -> None:
    """The declaration may go on naming it while it is replaced, and after it was."""
    ours = {OWNER_KEY: DECLARED.owner, GENERATION_KEY: "1"}
    found = there(ours, state, vpc_id="vpc-2")
    assert adoptable(replace(DECLARED, generation=2), found, FIELDS, VPC_ENDPOINT) is None


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        (None, NotFound, "is not there in 'us-east-1': correct the id, or take 'adopt' out to have one made"),
        (there(state="deleted"), NotFound, "is deleted in 'us-east-1'"),
        (there(state="rejected"), NotFound, "is rejected in 'us-east-1'"),
        (there({OWNER_KEY: "shop/prod/inside"}), AlreadyExists, "belongs to 'shop/prod/inside': take it out of that"),
        (there(vpc_id="vpc-2"), AlreadyExists, "cannot be taken over, since vpc_id is 'vpc-2' there and cannot change"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(found: Seen | None, kind: type[ApiRefused], words: str) -> None:
    """One line that names link, field, id and the reason."""
    with pytest.raises(kind) as raised:
        adoptable(DECLARED, found, FIELDS, VPC_ENDPOINT)
    assert str(raised.value).startswith(f"private link 'inside': adopt: VPC endpoint 'vpce-1' {words}")


def test_the_id_survives_the_state() -> None:
    """Else the next check would see another declaration."""
    state = LinkState(DECLARED, "c0ffee", "123456789012")
    assert state == LinkState.from_props(state.to_props(), FIELDS)
