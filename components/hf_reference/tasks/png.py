"""Pictures as bytes: PNG written, and the size of what came in read from its header."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_GREY: Final = 0
_RGB: Final = 2
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An answer that is an image."""

    png: bytes


def write(rows: Sequence[bytes], *, grey: bool = False) -> bytes:
    """Write rows of eight-bit samples, three a pixel or one, as a PNG file."""
    colour = _GREY if grey else _RGB
    width = len(rows[0]) // (1 if grey else 3)
    header = struct.pack(">IIBBBBB", width, len(rows), 8, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def size_of(image: bytes) -> tuple[int, int]:
    """Read width and height of a PNG, JPEG, GIF, BMP or WebP file; the pixels are not looked at.

    :raises ValueError: it is none of these (the text is Pillow's).
    """
    try:
        size = _size(image)
    except (struct.error, IndexError):
        size = None
    if size is None or min(size) < 1:
        message = "cannot identify image file"
        raise ValueError(message)
    return size


def _size(image: bytes) -> tuple[int, int] | None:
    if image.startswith(_PNG):
        width, height = struct.unpack_from(">II", image, 16)
    elif image[:6] in {b"GIF87a", b"GIF89a"}:
        width, height = struct.unpack_from("<HH", image, 6)
    elif image.startswith(b"BM"):
        width, height = struct.unpack_from("<ii", image, 18)
    elif image.startswith(b"RIFF") and image[8:12] == b"WEBP":
        return _webp(image)
    elif image.startswith(b"\xff\xd8"):
        return _jpeg(image)
    else:
        return None
    return width, abs(height)


def _jpeg(image: bytes) -> tuple[int, int] | None:
    place = 2
    while image[place] == 0xFF:  # noqa: PLR2004 - begins each marker
        marker = image[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", image, place + 5)
            return width, height
        place += 2 + struct.unpack_from(">H", image, place + 2)[0]
    return None


def _webp(image: bytes) -> tuple[int, int] | None:
    kind = image[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(image[24:27], "little"), 1 + int.from_bytes(image[27:30], "little")
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", image, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", image, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
