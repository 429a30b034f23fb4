"""Pulumi's own resource options, as a stack file may set them for an endpoint."""

from __future__ import annotations

from hf_endpoints.spec.part import Bool, Part, Text, TextList


class Options(Part):
    """What Pulumi, rather than the API, is told of an endpoint. Programs pass `pulumi.ResourceOptions` instead."""

    protect: Bool | None = None
    """Refuse to delete or replace it, until this is taken back."""
    retain_on_delete: Bool | None = None
    """Leave the endpoint running when it is taken out of the stack."""
    ignore_changes: TextList | None = None
    """Paths whose edits and drift are passed over, such as `compute.scaling.max_replica`."""
    aliases: list[Text] | None = None
    """Logical names that it had before, so that a rename is no replacement."""
