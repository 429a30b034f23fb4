"""Tasks with images in or out. Nothing is seen: labels and boxes are drawn by lot from the image's bytes.

What holds is that boxes and masks lie in the image's true size, that scores are probabilities in falling order, and
that a drawn picture has the size that was asked for and depends on everything that was sent.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hf_reference.tasks.png import Picture, size_of, write
from hf_reference.tasks.request import chance, ranked, softmax

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_LABELS: Final = (
    "tabby, tabby cat", "Egyptian cat", "golden retriever", "beagle", "seashore, coast", "lakeside, lakeshore",
    "pier", "dock, dockage", "schooner", "lighthouse, beacon light", "speedboat", "bakery, bakeshop", "espresso",
    "street sign", "bicycle-built-for-two, tandem bicycle", "pelican",
)  # fmt: skip
_OBJECTS: Final = ("person", "boat", "bird", "dog", "cat", "bicycle", "car", "bench", "umbrella", "bottle", "chair")
_REGIONS: Final = ("sky", "sea", "sand", "building", "tree")
DEFAULT_SIZE: Final = 512
"""Pixels a side where none are asked for: Stable Diffusion's own; models whose name has ``xl`` draw twice that."""
LARGEST_SIZE: Final = 2048
"""Pixels a side, a bound of this server's own."""
_GRID: Final = 16


def classify_image(request: Request) -> Value:
    """Run image-classification (parameters ``top_k``, ``function_to_apply``)."""
    size_of(request.inputs)
    function = request.choice("function_to_apply", "softmax", ("softmax", "sigmoid", "none"))
    scores = _lot(request.inputs, _LABELS)
    if function != "softmax":
        scores = [min(1.0, 0.2 + score) for score in scores] if function == "sigmoid" else [8 * s for s in scores]
    return ranked(list(_LABELS), scores)[: request.integer("top_k", 5)]


def match_image(request: Request) -> Value:
    """Run zero-shot-image-classification (parameter ``candidate_labels``)."""
    size_of(request.inputs)
    labels = request.labels()
    return ranked(labels, _lot(request.inputs, tuple(labels)))


def detect(request: Request) -> Value:
    """Run object-detection (parameter ``threshold``); ``xmax`` and ``ymax`` are within the image."""
    width, height = size_of(request.inputs)
    threshold, key = request.number("threshold", 0.5), _key(request.inputs)
    found: list[dict[str, Value]] = []
    for n in range(1 + int(4 * chance(key, "objects"))):
        left, right = sorted(int(width * chance(key, n, side)) for side in ("left", "right"))
        top, bottom = sorted(int(height * chance(key, n, side)) for side in ("top", "bottom"))
        box = {"xmin": left, "ymin": top, "xmax": min(width, right + 1), "ymax": min(height, bottom + 1)}
        label = _OBJECTS[int(len(_OBJECTS) * chance(key, n, "label"))]
        score = 1.0 - 0.6 * n / 4 - 0.05 * chance(key, n, "score")
        found.append({"score": score, "label": label, "box": box})
    return [one for one in found if one["score"] >= threshold]


def segment(request: Request) -> Value:
    """Run image-segmentation: bands across the image, their masks as grey PNG files of its size."""
    width, height = size_of(request.inputs)
    if max(width, height) > LARGEST_SIZE:
        message = f"the reference server draws masks of at most {LARGEST_SIZE} pixels a side"
        raise ValueError(message)
    threshold, key = request.number("threshold", 0.0), _key(request.inputs)
    count = min(height, 2 + int(3 * chance(key, "regions")))
    borders = [height * n // count for n in range(count + 1)]
    white, black = b"\xff" * width, b"\0" * width
    bands: list[dict[str, Value]] = []
    for n, (top, bottom) in enumerate(pairwise(borders)):
        mask = write([white if top <= y < bottom else black for y in range(height)], grey=True)
        score = 0.5 + 0.5 * chance(key, "band", n)
        bands.append({"score": score, "label": _REGIONS[n], "mask": Picture(mask)})
    return [band for band in bands if band["score"] >= threshold]


def describe(request: Request) -> Value:
    """Run image-to-text."""
    width, height = size_of(request.inputs)
    (best, *_) = ranked(list(_OBJECTS), _lot(request.inputs, _OBJECTS))
    return [{"generated_text": f"a picture of a {best['label']}, {width} by {height} pixels"}]


def draw(request: Request) -> Picture:
    """Run text-to-image (parameters ``width``, ``height``; everything else that is sent changes the picture).

    :raises ValueError: the prompt is no text, or a size is not one (the text of the second is that of Diffusers).
    """
    if not isinstance(request.inputs, str):
        message = "`prompt` has to be of type `str` or `list` but is " + str(type(request.inputs))
        raise ValueError(message)  # noqa: TRY004 - Diffusers' own kind
    default = DEFAULT_SIZE * (2 if "xl" in request.model.lower() else 1)
    width, height = (request.integer(side, default, least=8, most=LARGEST_SIZE) for side in ("width", "height"))
    if width % 8 or height % 8:
        message = f"`height` and `width` have to be divisible by 8 but are {height} and {width}."
        raise ValueError(message)
    return _painted((request.model, request.inputs, *sorted(request.parameters.items())), width, height)


def redraw(request: Request) -> Picture:
    """Run image-to-image: a picture of the same size."""
    width, height = size_of(request.inputs)
    if max(width, height) > LARGEST_SIZE:
        message = f"the reference server draws at most {LARGEST_SIZE} pixels a side"
        raise ValueError(message)
    return _painted((request.model, _key(request.inputs), *sorted(request.parameters.items())), width, height)


def _painted(key: tuple[object, ...], width: int, height: int) -> Picture:
    """Paint a symmetric pattern of squares in three colours."""
    lots = sha256(repr(key).encode("utf-8", "surrogatepass")).digest()
    colours = [lots[n : n + 3] for n in (0, 3, 6)]
    cells = sha256(lots).digest() + sha256(lots[::-1]).digest()
    edges = [width * n // _GRID for n in range(_GRID + 1)]
    rows = []
    for y in range(_GRID):
        left = [colours[cells[(y * 8 + x) % len(cells)] % 3] for x in range(_GRID // 2)]
        line = b"".join(
            colour * (end - start) for colour, start, end in zip(left + left[::-1], edges, edges[1:], strict=False)
        )
        rows.extend([line] * (height * (y + 1) // _GRID - height * y // _GRID))
    return Picture(write(rows))


def _key(image: bytes) -> str:
    return sha256(image).hexdigest()


def _lot(image: bytes, labels: tuple[str, ...]) -> list[float]:
    return softmax([8 * chance(_key(image), label) for label in labels])
