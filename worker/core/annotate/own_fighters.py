"""Fighters of a group that holds power, where its name does not stand beside them.

Rules
-----
1. "Fighters" may be those who attack or those who rule. They are the rulers' where a text names the
   group in power and what of it was hit ("a Taliban checkpoint … four fighters were killed"), or says
   what they were there for ("fighters guarding a ministry").
2. Not where fighters act in the text ("fighters stormed a police post"), and not beside the name of
   another armed group ("resistance fighters").
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range
from worker.core.text.prose import Prose

_BESIDE_CHARS = 2
"""Between a group's name and its fighters: a blank, or an apostrophe and a letter."""
_POST_CHARS = 64
"""Behind a group's name: as far as the words for what it holds are looked for."""


def find_own_fighters(
    prose: Prose, lexicon: Lexicon, ruling: Sequence[Range], armed: Sequence[Range]
) -> tuple[Range, ...]:
    """Where fighters are told who are those of a group in power, in the order of the text. Pure."""
    text = prose.text
    if not ruling or lexicon.first("fighters_attack", text) is not None:
        return ()
    hit = any(_is_hit(lexicon, text, group) for group in ruling)
    if not hit and lexicon.first("fighters_on_guard", text) is None:
        return ()
    found = map(Range.of, lexicon.find("either_side", text))
    beside = {group.end + gap for group in armed for gap in range(_BESIDE_CHARS + 1)}
    return tuple(fighters for fighters in found if fighters.start not in beside)


def _is_hit(lexicon: Lexicon, text: str, group: Range) -> bool:
    """Whether what belongs to a group follows its name: "Taliban checkpoint", "the Taliban's base"."""
    post = lexicon.first("group_post", text, group.end, group.end + _POST_CHARS)
    return post is not None and post.start() - group.end <= _BESIDE_CHARS + 1
