"""Tasks with sound in. Nothing is heard: the words come from the text model, as many as the sound is long."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hf_reference.tasks.request import chance, ranked, softmax
from hf_reference.tasks.writing import continued

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_LABELS: Final = ("neutral", "happy", "sad", "angry", "calm", "surprised")
_SIGNATURES: Final = (b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\x1aE\xdf\xa3", b"#!AMR")
_WORDS_PER_S: Final = 2.5
_BYTES_PER_S: Final = 16_000
"""Of a compressed file: 128 kbit/s."""
_MOST_WORDS: Final = 200


def transcribe(request: Request) -> Value:
    """Run automatic-speech-recognition (parameter ``return_timestamps``: adds ``chunks`` of five seconds)."""
    seconds = seconds_of(request.inputs)
    count = min(_MOST_WORDS, max(1, round(_WORDS_PER_S * seconds)))
    prompt = sha256(request.inputs).hexdigest()
    said = continued(request.model, prompt, count)
    answer: dict[str, Value] = {"text": " ".join(said)}
    if request.parameters.get("return_timestamps"):
        step = max(1, round(5 * _WORDS_PER_S))
        starts = range(0, len(said), step)
        answer["chunks"] = [
            {
                "text": " ".join(said[start : start + step]),
                "timestamp": [
                    round(seconds * start / len(said), 2),
                    round(seconds * min(start + step, len(said)) / len(said), 2),
                ],
            }
            for start in starts
        ]
    return answer


def classify_sound(request: Request) -> Value:
    """Run audio-classification (parameter ``top_k``)."""
    seconds_of(request.inputs)
    key = sha256(request.inputs).hexdigest()
    scores = softmax([6 * chance(key, label) for label in _LABELS])
    return ranked(list(_LABELS), scores)[: request.integer("top_k", 5)]


def seconds_of(sound: bytes) -> float:
    """Read how long a sound is: exactly for WAV, guessed from the size for other formats.

    :raises ValueError: it is no sound (the text begins as the pipeline's).
    """
    if sound.startswith(b"RIFF") and sound[8:12] == b"WAVE":
        return _wav(sound)
    if sound.startswith(_SIGNATURES) or sound[4:8] == b"ftyp":
        return len(sound) / _BYTES_PER_S
    message = "Soundfile is either not in the correct format or is malformed."
    raise ValueError(message)


def _wav(sound: bytes) -> float:
    place, rate = 12, 0
    while place + 8 <= len(sound):
        kind, length = struct.unpack_from("<4sI", sound, place)
        if kind == b"fmt " and place + 20 <= len(sound):
            rate = struct.unpack_from("<I", sound, place + 16)[0]
        if kind == b"data":
            return min(length, len(sound) - place - 8) / rate if rate else 0.0
        place += 8 + length + length % 2
    return 0.0
