"""How much is written, where nothing else is said."""

from __future__ import annotations

from typing import Final

DEFAULT_NEW_TOKENS: Final = 20
"""What the transformers pipeline of the default container writes when nothing is asked."""
MAX_NEW_TOKENS: Final = 512
"""Enough for any test, and done in a second."""
