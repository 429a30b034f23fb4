"""``python -m hf_reference``: the command ``serve`` on its own."""

from hf_reference.control import serve

serve()
