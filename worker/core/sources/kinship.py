"""How much of what a feed says of an article is found in a page.

A page that shares nothing with the headline and the summary is not the article: a consent page, a
captcha, the home page that a dead address leads to. Words are compared by their beginnings, so that
"killed" and "kills" or an Arabic noun with another ending are one; of scripts without blanks, pairs
of characters. Nothing here knows a language.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_SHORTEST_CHARS, _STEM_CHARS = 4, 5
_FEWEST_WORDS = 6
"""Fewer words than these say too little to judge by ("Breaking news")."""


def share_found(said: str, text: str) -> float | None:
    """The share, 0 to 1, of the words of ``said`` that are in ``text``.

    None when ``said`` has too few of them, or is in another script than the text.
    """
    wanted, got = _stems(said), _stems(text)
    if len(wanted) < _FEWEST_WORDS or _is_latin(said) is not _is_latin(text):
        return None
    return len(wanted & got) / len(wanted)


def _stems(text: str) -> frozenset[str]:
    """The beginnings of words that are long enough to mean something."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        if _UNSPACED.search(word):
            found.update(word[k : k + 2] for k in range(len(word) - 1))
        elif len(word) >= _SHORTEST_CHARS or (len(word) >= 2 and not word.isascii()):
            found.add(word[:_STEM_CHARS])
    return frozenset(found)


def _is_latin(text: str) -> bool:
    letters = [c for c in text[:2000] if c.isalpha()]
    return 2 * sum(c < "\u0250" for c in letters) >= len(letters)
