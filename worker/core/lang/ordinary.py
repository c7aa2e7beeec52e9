"""How ordinary a word is in news of attacks: by how many forms of the language pack it stands in.

Rules
-----
1. A pack lists the words by which attacks are told: harm, weapons, attackers, who says so. A word
   that stands in many of its forms ("killed", "police") is in every such report and tells none from
   another; one of a few forms ("mosque") tells more; one of none (a name, a street) tells most.
2. Words are compared by their beginnings, so that "killed" and "kills" or an Arabic noun with
   another ending are one; of scripts without blanks, pairs of characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_SHORTEST_CHARS, _STEM_CHARS = 4, 5


def beginnings(text: str) -> frozenset[str]:
    """The beginnings of the words of a normalised text that are long enough to mean something."""
    found: set[str] = set()
    for word in _WORD.findall(text):
        if _UNSPACED.search(word):
            found.update(word[k : k + 2] for k in range(len(word) - 1))
        elif len(word) >= _SHORTEST_CHARS or (len(word) >= 2 and not word.isascii()):
            found.add(word[:_STEM_CHARS])
    return frozenset(found)


def count_forms(forms: Iterable[Iterable[str]], *, spaceless: bool) -> Counter[str]:
    """In how many forms each beginning stands. ``forms``: the words of each, normalised."""
    gap = "" if spaceless else " "
    return Counter(stem for words in forms for stem in beginnings(gap.join(words)))
