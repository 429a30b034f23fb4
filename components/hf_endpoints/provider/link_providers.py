"""The providers of what a private link makes in AWS: `VpcEndpointProvider` and `SecurityGroupProvider`.

Their import paths lie in users' state (pickled by reference), as that of `EndpointProvider` does.
"""

from __future__ import annotations

import os
import sys
from typing import ClassVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from hf_endpoints.aws.session import caller_account
from hf_endpoints.core.naming import logical_name
from hf_endpoints.core.private_link import (
    Condition,
    LinkInputs,
    LinkState,
    Seen,
    next_link_inputs,
    plan_link,
    refreshed,
    tree_in,
)
from hf_endpoints.errors import ApiUnwell, DeclarationError, HfEndpointsError, NoCredentials
from hf_endpoints.provider import engine_log
from hf_endpoints.provider.calls import DEBUG, Props, SystemClock, marked, one_line
from hf_endpoints.provider.lifeline import end_with_engine
from hf_endpoints.provider.link_operations import SecurityGroups, Things, VpcEndpoints
from hf_endpoints.spec import is_known


class _LinkProvider(ResourceProvider):
    """Manages one kind of thing in AWS."""

    serialize_as_secret_always = False
    """The pickled provider is a reference to its class and holds no secret."""

    kind: ClassVar[type[Things]]

    _things: Things
    _generations: dict[str, int]

    def configure(self, _req: ConfigureRequest) -> None:
        """Set the plugin process up; called once for each kind, before anything else."""
        if not os.environ.get(DEBUG):
            sys.tracebacklimit = 0
        end_with_engine()
        self._things = self.kind(SystemClock(), engine_log.warn)
        self._generations = {}

    @one_line
    def check(self, olds: Props, news: Props) -> CheckResult:
        """Decide the generation, and look at account, network and permissions, as far as AWS can be asked."""
        news = marked(news)
        things, owner = self._things, news["owner"]
        try:
            old = LinkInputs.from_props(olds, things.fields) if olds else None
            tree = tree_in(news, things.fields)
            generation = self._generations.get(owner, 1)
            declared = LinkInputs(owner, generation, tree, news.get("account_id"), adopt=news.get("adopt"))
            inputs = next_link_inputs(old, declared, things.fields, self._seen(owner, tree))
            if old is None or not plan_link(old, inputs, things.fields).is_empty:
                self._preflight(inputs, fresh=old is None)
        except DeclarationError as error:
            return CheckResult(news, [CheckFailure("", problem) for problem in error.problems])
        except HfEndpointsError as error:
            return CheckResult(news, [CheckFailure("", f"private link {logical_name(owner)!r}: {error}")])
        self._generations[owner] = inputs.generation
        return CheckResult(inputs.to_props(), [])

    def _seen(self, owner: str, tree: Props) -> list[Seen]:
        """What the owner has in AWS; nothing where it cannot be asked, which the preflight says."""
        try:
            return self._things.owned(owner, tree["region"]) if is_known(tree["region"]) else []
        except (NoCredentials, ApiUnwell) as error:
            _say_once(error)
            return []

    def _preflight(self, inputs: LinkInputs, *, fresh: bool) -> None:
        if not is_known(inputs.tree["region"]):
            return
        try:
            check_account(inputs)
            self._things.check_network(inputs)
            if fresh:
                self._things.look_ahead(inputs)
        except (NoCredentials, ApiUnwell) as error:
            _say_once(error)

    @one_line
    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Tell the engine what the edit needs."""
        fields = self._things.fields
        edit = plan_link(LinkInputs.from_props(olds, fields), LinkInputs.from_props(marked(news), fields), fields)
        return DiffResult(changes=not edit.is_empty, replaces=list(edit.replaces), delete_before_replace=False)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Make it; returns when EC2 has accepted it."""
        inputs = LinkInputs.from_props(props, self._things.fields)
        check_account(inputs)
        id_, state = self._things.create(inputs)
        return CreateResult(id_, state.to_props())

    @one_line
    def update(self, id_: str, olds: Props, news: Props) -> UpdateResult:
        """Change it in place; returns when EC2 has accepted it."""
        fields = self._things.fields
        state = self._things.update(id_, LinkState.from_props(olds, fields), LinkInputs.from_props(news, fields))
        return UpdateResult(state.to_props())

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """Look at it: drift becomes new inputs, so that the next preview shows it field by field."""
        state = LinkState.from_props(props, self._things.fields)
        found = self._things.held(id_, state)
        if found is None or found.condition is Condition.LEAVING:
            return ReadResult(None, {})
        seen = refreshed(state, found, self._things.fields)
        return ReadResult(id_, seen.to_props(), seen.inputs.to_props())

    @one_line
    def delete(self, id_: str, props: Props) -> None:
        """Delete it if this entry still owns it; returns when it is gone."""
        self._things.delete(id_, LinkState.from_props(props, self._things.fields))


def _say_once(error: HfEndpointsError) -> None:
    why = " ".join(str(error.__cause__ or error).split())
    engine_log.warn_once(f"AWS is not asked: {why}; network and permissions of private links are not checked")


class VpcEndpointProvider(_LinkProvider):
    """Manages an interface VPC endpoint."""

    kind = VpcEndpoints


class SecurityGroupProvider(_LinkProvider):
    """Manages a security group for one."""

    kind = SecurityGroups


def check_account(inputs: LinkInputs) -> None:
    """Raise `DeclarationError` where the endpoints are open to another account than that of the credentials."""
    if inputs.account_id is None or not is_known(inputs.account_id):
        return
    ours = caller_account(inputs.region)
    if ours != inputs.account_id:
        message = (
            f"private link {inputs.link!r}: its endpoints are open to AWS account {inputs.account_id!r} "
            f"(private_service.account_id), the AWS credentials are of {ours!r}: log in to that account, or correct it"
        )
        raise DeclarationError(message)
