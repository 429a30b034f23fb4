"""Every endpoint of the stack file, its address and its cost."""

import pulumi

from hf_endpoints import deploy_stack

stack = deploy_stack()

pulumi.export("urls", stack.urls)
pulumi.export("cost", stack.cost)
