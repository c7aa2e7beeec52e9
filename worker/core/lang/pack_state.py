"""What a language pack can do, what it lacks, and what in it is at odds with itself.

Rules
-----
1. A *gap* is what another pack of the same capability has and this one has not: a declared phrase, or
   words of a class that some rule of this pack's grammars looks for. Languages differ, so a gap is no
   fault; who works on a pack decides.
2. A form that one class lists under two values (``guards`` as ``police`` and as ``civilians``) is a
   fault: which of them holds is chance.
3. A phrase hides what its words say alone. It is a fault when the grammar is set to work by one of
   the words ("wounded") and not by the phrase ("wounded people", listed as ``PEOPLE`` only): the
   sentence is not even read. It is none where hiding is meant: for a class that says ``hides``
   ("among the dead"), for one that only keeps words from the rules (``reads`` of the grammar:
   "attempted murder"), and for a phrase under ``hides`` in the pack's ``language.toml``. A phrase with
   a regex in it is not looked at.
4. A form that one class lists twice is a fault: one of the two is lost work, a misspelling or a
   variant that normalising folds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from worker.core.lang.language import Capability, Language, Reader
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.tokens import NO_TAGS
from worker.core.lang.word_list import is_shape


@dataclass(frozen=True, slots=True)
class PackState:
    """One pack. ``rules``: how many, by grammar. All names are in alphabetical order.

    ``missing_phrases`` and ``missing_classes`` are gaps; ``repeated``, ``at_odds`` and ``hidden`` faults:
    each a line that names the form.
    """

    code: str
    name: str
    capabilities: frozenset[Capability]
    classes: int
    forms: int
    rules: Mapping[str, int]
    missing_phrases: tuple[str, ...]
    missing_classes: tuple[str, ...]
    repeated: tuple[str, ...]
    at_odds: tuple[str, ...]
    hidden: tuple[str, ...]


def pack_states(languages: Mapping[str, Language]) -> tuple[PackState, ...]:
    """The state of every pack, in the order of their codes. Pure."""
    return tuple(_state(languages[code], languages.values()) for code in sorted(languages))


def _state(pack: Language, every: Iterable[Language]) -> PackState:
    others = [o for o in every if o.code != pack.code and o.capabilities & pack.capabilities]
    return PackState(
        code=pack.code,
        name=pack.name,
        capabilities=pack.capabilities,
        classes=len({entry.tag for entry in pack.entries}),
        forms=len(pack.entries),
        rules={name: len(r.grammar.rules) for name, r in pack.readers.items()},
        missing_phrases=_missing(_filled(pack.phrases), (_filled(o.phrases) for o in others)),
        missing_classes=_missing_classes(pack, others),
        repeated=tuple(sorted(_repeated(pack))),
        at_odds=tuple(sorted(_at_odds(pack))),
        hidden=tuple(sorted({line for r in pack.readers.values() for line in _hidden(pack, r)})),
    )


def _filled(phrases: Lexicon) -> frozenset[str]:
    """The declared names that a pack has phrases for."""
    patterns = {name for name, listed in phrases.phrases.items() if listed is not None}
    return frozenset(patterns | {name for name, words in phrases.words.items() if words})


def _missing(own: frozenset[str], others: Iterable[frozenset[str]]) -> tuple[str, ...]:
    return tuple(sorted(NO_TAGS.union(*others) - own))


def _missing_classes(pack: Language, others: Iterable[Language]) -> tuple[str, ...]:
    sought = NO_TAGS.union(*(reader.grammar.sought for reader in pack.readers.values()))
    wanted = frozenset(name for name in sought if not pack.classes[name].made)
    return _missing(_listed(pack), (_listed(other) & wanted for other in others))


def _listed(pack: Language) -> frozenset[str]:
    """The classes that some word of a pack has."""
    return NO_TAGS.union(*(reader.words.listed for reader in pack.readers.values()))


def _repeated(pack: Language) -> Iterator[str]:
    times = Counter((e.tag, e.words, tuple(e.meaning.values())) for e in pack.entries)
    for (tag, words, _), number in times.items():
        if number > 1:
            yield f"{tag}: {' '.join(words)}"


def _at_odds(pack: Language) -> Iterator[str]:
    values: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for entry in pack.entries:
        values.setdefault((entry.tag, entry.words), set()).update(entry.meaning.values())
    for (tag, words), found in values.items():
        if len(found) > 1:
            yield f"{tag}: {' '.join(words)} is {' and '.join(sorted(found))}"


def _hidden(pack: Language, reader: Reader) -> Iterator[str]:
    """Phrases that keep a sentence from being read."""
    grammar, words_known = reader.grammar, reader.words
    meant = {name for name, of in pack.classes.items() if of.hides}
    meant |= grammar.classes - grammar.sought - grammar.triggers
    for words in {entry.words for entry in pack.entries if len(entry.words) > 1}:
        tags = words_known.classes_of(words)
        if not tags or tags & (grammar.triggers | meant) or words in pack.hiding:
            continue
        if any(map(is_shape, words)):
            continue
        lost = NO_TAGS.union(*(words_known.classes_of([w]) for w in words)) & grammar.triggers
        if lost:
            yield f"{' '.join(words)}, {' '.join(sorted(tags))}: no {' '.join(sorted(lost))} in it"
