"""The policy pack: `guardrails.yaml` beside this file, as policies."""

from pathlib import Path

import yaml
from policies import policies
from pulumi_policy import PolicyPack

from hf_endpoints.spec import parse_guardrails

PolicyPack("hf-endpoints", policies(parse_guardrails(yaml.safe_load(Path("guardrails.yaml").read_text()))))
