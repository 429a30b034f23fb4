"""Run `hf` as it is on each command line of stdin (JSON: a list of words), and answer with one line each.

`hf` has no setting for the address of Inference Endpoints; so this sets huggingface_hub's constants before it starts.
"""

import contextlib
import io
import json
import os
import sys

from huggingface_hub import constants

constants.INFERENCE_ENDPOINTS_ENDPOINT = os.environ["HF_ENDPOINTS_API_URL"]
constants.INFERENCE_CATALOG_ENDPOINT = os.environ["HF_ENDPOINT"] + "/api/v1/catalog"

from huggingface_hub.cli.hf import main  # noqa: E402 - after the constants

for line in sys.stdin:
    sys.argv = ["hf", *json.loads(line)]
    code: object = 0
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), flush=True)  # noqa: T201 - its answer
