"""Every endpoint of the stack file, and where each one answers."""

import pulumi

from hf_endpoints import deploy_stack

endpoints = deploy_stack()

pulumi.export("urls", endpoints.urls)
pulumi.export("names", {name: endpoint.name for name, endpoint in endpoints.items()})
pulumi.export("cost", endpoints.cost)
if endpoints.private_links:
    pulumi.export("vpc_endpoints", {name: link.vpc_endpoint_id for name, link in endpoints.private_links.items()})
