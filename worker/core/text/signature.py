"""A small signature of a long text: near-equal texts have near-equal signatures.

One-permutation MinHash over runs of four words: each run is hashed once; the hash picks one of
``SLOTS`` places, and each place keeps its smallest value. An empty place borrows from the next full
one (densification by rotation). The share of equal places estimates the Jaccard similarity.

The hash is BLAKE2b, so signatures are the same in every process, on every machine and for ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

SLOTS = 128
_RUN = 4
_FEWEST_WORDS = 24
_WORD = re.compile(r"\w+")
_VALUE = 0xFFFF_FFFF
_LENT = 0x9E37_79B1


def copy_signature(text: str) -> tuple[int, ...]:
    """128 numbers below 2**32, or none for a text of fewer than 24 words (compare its hash)."""
    words = _WORD.findall(text.casefold())
    if len(words) < _FEWEST_WORDS:
        return ()
    places: list[int | None] = [None] * SLOTS
    for k in range(len(words) - _RUN + 1):
        run = " ".join(words[k : k + _RUN]).encode("utf-8", "replace")
        digest = hashlib.blake2b(run, digest_size=8).digest()
        place, value = digest[0] % SLOTS, int.from_bytes(digest[4:])
        held = places[place]
        if held is None or value < held:
            places[place] = value
    return _filled(places)


def _filled(places: list[int | None]) -> tuple[int, ...]:
    """Empty places take the next full one's value, shifted by the distance."""
    out = [0] * SLOTS
    next_full, at = next((value, k + SLOTS) for k, value in enumerate(places) if value is not None)
    for k in reversed(range(SLOTS)):
        value = places[k]
        if value is not None:
            next_full, at = value, k
        out[k] = (next_full + (at - k) * _LENT) & _VALUE
    return tuple(out)


def own_places(signature: Sequence[int]) -> tuple[bool, ...]:
    """Which places of a signature hold a run of the text, and no borrowed value."""
    following = (*signature[1:], *signature[:1])
    pairs = zip(signature, following, strict=True)
    return tuple([value != (later + _LENT) & _VALUE for value, later in pairs])
