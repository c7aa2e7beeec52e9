"""Which language a text is in: identified, with the declared language as a prior.

Rules
-----
1. A feed's declared language is believed unless the text clearly says otherwise: a title alone is
   too short to overrule it (py3langid: titles .92 right, leads 1.00).
2. Siblings count as one (Dari is Persian, Nynorsk is Norwegian), under the code we read.
3. The answer is a two- or three-letter code in lower case, ``und`` when there is nothing to read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_SIBLINGS = {
    "prs": "fa", "pes": "fa", "fas": "fa", "per": "fa", "pus": "ps", "pbt": "ps", "pst": "ps",
    "arz": "ar", "ary": "ar", "apc": "ar", "pnb": "ur", "nb": "no", "nn": "no", "yue": "zh",
    "wuu": "zh", "cmn": "zh", "pcm": "en", "sco": "en", "ms": "id", "bcl": "tl", "fil": "tl",
    "eng": "en", "iw": "he", "in": "id", "dari": "fa", "pashto": "ps",
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_READ_CHARS = 1200
_SHORT_CHARS = 60
"""Below this many letters the declared language wins over any finding in the same script."""
_SURE = 0.9


def canonical(code: str | None) -> str:
    """The code we use for a declared language ("en-US" → "en", "prs" → "fa"); "" for none."""
    head = (code or "").strip().lower().replace("_", "-").split("-")[0]
    return _SIBLINGS.get(head, head)


def is_language_code(text: str) -> bool:
    """Whether a text has the form of a language's code ("fa", "prs", "pt-BR"), read by us or not.

    Names that feeds use in place of one are known by name ("dari"); others are none ("english").
    """
    return text.strip().lower() in _SIBLINGS or _CODE.fullmatch(text.strip()) is not None


def identify(text: str, declared: str | None) -> str:
    """The language of ``text``; ``declared`` is what the feed or page says, if anything."""
    sample = text[:_READ_CHARS]
    letters = sum(map(str.isalpha, sample))
    said = canonical(declared)
    if letters == 0:
        return said or "und"
    ranked = _identifier().rank(sample)
    found, sure = canonical(str(ranked[0][0])), float(ranked[0][1])
    if not said or said == found:
        return found
    if _script(sample) != _script_of(said):
        return found
    if letters < _SHORT_CHARS:
        return said
    prior = max((float(p) for code, p in ranked if canonical(str(code)) == said), default=0.0)
    return found if sure >= _SURE and prior < 1 - _SURE else said


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # Imported when first asked: the model takes 0.2 s to load, and `healthy` must be quick.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


_RANGES = (
    ("latin", 0x41, 0x24F),
    ("cyrillic", 0x400, 0x52F),
    ("hebrew", 0x590, 0x5FF),
    ("arabic", 0x600, 0x77F),
    ("devanagari", 0x900, 0x97F),
    ("bengali", 0x980, 0x9FF),
    ("cjk", 0x3040, 0x9FFF),
)
_SCRIPTS = {
    "ar": "arabic", "fa": "arabic", "ps": "arabic", "ur": "arabic", "ru": "cyrillic",
    "uk": "cyrillic", "hi": "devanagari", "mr": "devanagari", "bn": "bengali", "he": "hebrew",
    "zh": "cjk", "ja": "cjk",
}  # fmt: skip


def _script_of(code: str) -> str:
    return _SCRIPTS.get(code, "latin")


def _script(text: str) -> str:
    """The script that most letters of ``text`` are in, or "" for one we do not name."""
    counts = dict.fromkeys((name for name, _, _ in _RANGES), 0)
    for char in text:
        if char.isalpha():
            for name, low, high in _RANGES:
                if low <= ord(char) <= high:
                    counts[name] += 1
                    break
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else ""
