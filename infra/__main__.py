"""Every endpoint of the stack file, and where each one answers."""

import pulumi

from hf_endpoints import deploy_stack

endpoints = deploy_stack()

pulumi.export("urls", {name: endpoint.url for name, endpoint in endpoints.items()})
pulumi.export("names", {name: endpoint.name for name, endpoint in endpoints.items()})
