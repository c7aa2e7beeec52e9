"""What of a feed was not there the last time: only that is read, and the rest is known to be there.

Rules
-----
1. The entries are those that the whole feed would give, less those of items that stand there byte for
   byte as they stood. A changed item is a new one.
2. Whatever is not certain is read as a whole: a feed that ``cut`` does not cut, a changed frame, an
   item that shares its id or address with another, a part that is not well-formed by itself.
3. Only a feed without any problem is remembered, and none with an item whose meaning changes with
   time: what is under embargo is read again each time.

A feed of fifty entries with a new one costs a tenth of reading it all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from worker.core.domain.errors import FeedError
from worker.core.knowledge.notices import Notices
from worker.core.sources.cut import Cut, cut_feed, digest
from worker.core.sources.entries import Hint, Identity, Parsed
from worker.core.sources.formats import parse
from worker.core.sources.seen import SeenFeed, SeenItem

_FOR = dt.timedelta(hours=6)
"""Then a feed is read as a whole again: an entry that changed too often for a while is counted again."""


def parse_unseen(
    data: bytes, hint: Hint, seen: SeenFeed | None, notices: Notices | None = None
) -> tuple[Parsed, SeenFeed | None]:
    """The entries of items that ``seen`` does not know, and what to know next time.

    None instead of the latter: the next time everything is to be read. Raises ``FeedError`` as
    ``formats.parse`` does, but not for a feed in which there is nothing new.
    """
    cut = cut_feed(data, hint) if hint.received is not None else None
    if cut is not None and seen is not None and _holds(seen, cut, hint):
        found = _read_rest(cut, hint, seen, notices)
        if found is not None:
            return found
    parsed = parse(data, hint, notices=notices)
    return _bare(parsed), _remembered(cut, cut.items, parsed, hint) if cut is not None else None


def _holds(seen: SeenFeed, cut: Cut, hint: Hint) -> bool:
    age = hint.received - seen.since if hint.received is not None else _FOR
    return seen.frame == cut.frame and dt.timedelta(0) <= age < _FOR


def _read_rest(
    cut: Cut, hint: Hint, seen: SeenFeed, notices: Notices | None
) -> tuple[Parsed, SeenFeed] | None:
    """The entries of the items that are not known; None when the whole has to be read."""
    keys = [digest(item) for item in cut.items]
    known = {key: seen.items[key] for key in keys if key in seen.items}
    rest = [item for item, key in zip(cut.items, keys, strict=True) if key not in known]
    if not rest:
        same = replace(seen, items=known)
        return Parsed(seen.format, (), next_hint_s=seen.next_hint_s, known=len(keys)), same
    try:
        parsed = parse(cut.joined(rest), hint, notices=notices)
    except FeedError:
        return None
    now = _remembered(cut, rest, parsed, hint)
    if now is None or parsed.format != seen.format or _meet(now.items.values(), known.values()):
        return None
    both = replace(now, items={**known, **now.items}, since=seen.since)
    return replace(_bare(parsed), known=len(keys) - len(rest)), both


def _meet(new: Iterable[SeenItem], known: Iterable[SeenItem]) -> bool:
    """Whether an item shares id or address with one before it, or a new one has neither."""
    taken = {name for item in known for name in item.names}
    for item in new:
        if not item.names or not taken.isdisjoint(item.names):
            return True
        taken.update(item.names)
    return False


def _remembered(cut: Cut, items: Sequence[bytes], parsed: Parsed, hint: Hint) -> SeenFeed | None:
    """What to know of the items that were read; None when something was not as it should be."""
    if parsed.problem or len(parsed.identities) != len(items) or hint.received is None:
        return None
    read = [SeenItem(_names(one), one.published) for one in parsed.identities]
    if _meet(read, ()) or not all(one.lasting for one in parsed.identities):
        return None
    known = {digest(item): one for item, one in zip(items, read, strict=True)}
    return SeenFeed(parsed.format, cut.frame, known, parsed.next_hint_s, hint.received)


def _names(item: Identity) -> tuple[bytes, ...]:
    pairs = ((b"id", item.guid), (b"at", item.link))
    return tuple(digest(kind, said.encode("utf-8", "replace"))[:8] for kind, said in pairs if said)


def _bare(parsed: Parsed) -> Parsed:
    """Without what nobody asks for outside of this module."""
    return replace(parsed, identities=())
