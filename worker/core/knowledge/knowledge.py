"""Everything the pure core is given to know, read once by the shell and frozen.

``analyze(document, entry, knowledge)`` and ``merge.decide(component, incoming, now, knowledge)``
take it as their last argument. ``digest`` names the exact knowledge in logs and messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.core.knowledge.agencies import Agencies
from worker.core.knowledge.notices import Notices
from worker.core.knowledge.profile import Profile
from worker.core.knowledge.weights import ExtractWeights, SegmentWeights
from worker.core.lang.language import Language
from worker.core.lang.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The profile, the language packs, the weights; and a digest over all their files.

    ``classify_weights`` and ``merge_weights`` are flat: ``section.name`` → number.
    """

    profile: Profile
    languages: Mapping[str, Language]
    segment_weights: SegmentWeights
    extract_weights: ExtractWeights
    classify_weights: Mapping[str, float]
    merge_weights: Mapping[str, float]
    digest: str
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Tables of ``merge/state/codes.toml``: names of GTD and ACLED → their codes."""
    notices: Notices | None = None
    """Words by which agencies order what to do with an item."""
    agencies: Agencies = field(default_factory=lambda: Agencies({}))
    """News agencies that others print and credit."""

    def language(self, lang: str) -> Language | None:
        """The pack of a language, or None when we do not read it."""
        return self.languages.get(lang)

    def lexicon(self, lang: str) -> Lexicon | None:
        """The phrases of a language, or None when we do not read it."""
        pack = self.languages.get(lang)
        return pack.phrases if pack is not None and "slots" in pack.capabilities else None
