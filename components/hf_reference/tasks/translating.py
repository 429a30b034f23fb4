"""Translation, word for word from a table of thirty: enough to see which way an answer went."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_LANGUAGES: Final = ("en", "fr", "de", "es")
_TABLE: Final = tuple(
    tuple(row.split("|"))
    for row in """
hello|bonjour|hallo|hola
goodbye|au revoir|auf Wiedersehen|adiós
thanks|merci|danke|gracias
yes|oui|ja|sí
no|non|nein|no
i|je|ich|yo
you|vous|Sie|usted
my|mon|mein|mi
your|votre|Ihr|su
name|nom|Name|nombre
is|est|ist|es
are|êtes|sind|es
have|ai|habe|tengo
and|et|und|y
or|ou|oder|o
the|le|der|el
a|un|ein|un
good|bon|gut|bueno
big|grand|groß|grande
day|jour|Tag|día
night|nuit|Nacht|noche
morning|matin|Morgen|mañana
water|eau|Wasser|agua
bread|pain|Brot|pan
house|maison|Haus|casa
town|ville|Stadt|ciudad
sea|mer|Meer|mar
harbour|port|Hafen|puerto
boat|bateau|Boot|barco
dog|chien|Hund|perro
cat|chat|Katze|gato
friend|ami|Freund|amigo
""".strip().splitlines()
)
_WORD: Final = re.compile(r"\w+")
_PAIR: Final = re.compile(r"(?:^|[-_/])(en|fr|de|es)[-_](?:to[-_])?(en|fr|de|es)(?:$|[-_])")
"""As in ``translation_en_to_de`` and ``opus-mt-en-de``."""


def translate(request: Request) -> Value:
    """Run translation (parameters ``src_lang``, ``tgt_lang``; else task or model name; else English to French).

    :raises ValueError: a language is not in the table.
    """
    named = _PAIR.search(request.task) or _PAIR.search(request.model.lower())
    source, target = (named.group(1), named.group(2)) if named else ("en", "fr")
    source, target = (
        _language(request.parameters.get(key) or default)
        for key, default in (("src_lang", source), ("tgt_lang", target))
    )
    here, there = _LANGUAGES.index(source), _LANGUAGES.index(target)
    table = {row[here].lower(): row[there] for row in _TABLE}

    def word(match: re.Match[str]) -> str:
        other = table.get(match.group().lower(), match.group())
        return other[0].upper() + other[1:] if match.group()[0].isupper() else other

    translated = request.each_text(lambda text: {"translation_text": _WORD.sub(word, text)})
    return translated if isinstance(translated, list) else [translated]


def _language(code: Value) -> str:
    """Read ``fr``, and the longer codes of multilingual models such as ``fra_Latn`` or ``fr_XX``."""
    long = {"eng": "en", "fra": "fr", "deu": "de", "spa": "es"}
    word = re.split(r"[-_]", str(code).lower())[0]
    short = long.get(word, word)
    if short not in _LANGUAGES:
        message = f"the reference server translates between {', '.join(_LANGUAGES)} only, not {code!r}"
        raise ValueError(message)
    return short
