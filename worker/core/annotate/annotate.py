"""One pass over a text: everything that it mentions, found once and handed on as one value.

What later stages ask is "what of this kind stands in that stretch": they cut what was found here and
look for nothing of these kinds again. Nothing is chosen here: which day is the attack's, which place
its own, is decided by those who read this.

Most articles tell of no attack, or of one that nothing puts anywhere near the watched area. These are
told apart first, by those words and places alone; no more is looked for in them (``Annotated.silent``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from worker.core.annotate.actors import STATES, ActorMention, find_actors, is_in_power
from worker.core.annotate.attackers import mark_repeated_attackers
from worker.core.annotate.attributions import NOTHING_SAID, Attributions, find_attributions
from worker.core.annotate.clock import ClockMention, find_times
from worker.core.annotate.counts import CountMention, find_counts
from worker.core.annotate.cut_text import cut_text
from worker.core.annotate.dates import DateMention, find_dates
from worker.core.annotate.events import EventSentence, find_events
from worker.core.annotate.in_each import multiply_each
from worker.core.annotate.insiders import mark_insiders
from worker.core.annotate.lone_attackers import mark_lone_attackers
from worker.core.annotate.own_fighters import find_own_fighters
from worker.core.annotate.place_mention import PlaceMention
from worker.core.annotate.places import find_places
from worker.core.annotate.quarters import without_quarters
from worker.core.annotate.reference_day import ReferenceDay, reference_day
from worker.core.annotate.speakers import find_speaker_names
from worker.core.annotate.teasers import without_teasers
from worker.core.annotate.triggers import Trigger, find_harm, find_triggers
from worker.core.domain.document import Article
from worker.core.domain.moments import local_day
from worker.core.knowledge.knowledge import Knowledge
from worker.core.knowledge.profile import Profile
from worker.core.lang.language import Language
from worker.core.lang.lexicon import Lexicon
from worker.core.lang.normalise import Range, covered
from worker.core.text.prose import Prose

_Days = tuple[dt.date, dt.date]
TAKING_BACK = ("retraction", "no_attack", "attack_denied")
"""What undoes an attack (``segment.taken_back``)."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """A text with all that it mentions; each kind in the order of the text.

    Without a lexicon (a language that we do not read) only places are found, and actors. ``silent``:
    there is nothing to report in it, whatever else it says; then only triggers, harm and, where there
    are such words, places were looked for.
    """

    article: Article
    prose: Prose
    lexicon: Lexicon | None
    language: Language | None
    day: dt.date | None
    """The document's own day on the area's clock; None unless it has a time."""
    reference: ReferenceDay | None
    """The day that the text speaks from: ``day``, if there is one. None without a lexicon."""
    places: tuple[PlaceMention, ...]
    actors: tuple[ActorMention, ...]
    dates: tuple[DateMention, ...] = ()
    """Counted from the reference day."""
    certain: frozenset[_Days] = frozenset()
    """Intervals that the text states with their year; asked for only where that day is nominal."""
    times: tuple[ClockMention, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    harm: tuple[Range, ...] = ()
    counts: tuple[CountMention, ...] = ()
    numbers: tuple[Range, ...] = ()
    """The numbers of the counts, apart."""
    attributions: Attributions = NOTHING_SAID
    """Whose words the counts are, and those that take an attack back; none were looked for without."""
    events: tuple[EventSentence, ...] = ()
    """Its sentences with their event words."""
    silent: bool = False
    zone: str = ""
    """The area's time zone; empty where nothing was dated."""

    @property
    def spoken_day(self) -> dt.date | None:
        """The day that the text speaks from, if it is a day of the calendar."""
        if self.reference is None or self.reference.nominal:
            return None
        return self.reference.day

    def find(self, category: str, at: Range) -> Iterator[re.Match[str]]:
        """All matches of a category of the lexicon inside a stretch."""
        if self.lexicon is None:
            return iter(())
        return self.lexicon.find(category, self.prose.text, at.start, at.end)

    def ranges(self, category: str, at: Range) -> Iterator[Range]:
        """Where a category matches inside a stretch."""
        return map(Range.of, self.find(category, at))

    def first(self, category: str, at: Range) -> re.Match[str] | None:
        """The first match of a category inside a stretch, if there is one."""
        if self.lexicon is None:
            return None
        return self.lexicon.first(category, self.prose.text, at.start, at.end)

    def has(self, category: str, at: Range) -> bool:
        """Whether a category matches inside a stretch."""
        return self.first(category, at) is not None


def annotate(article: Article, prose: Prose, knowledge: Knowledge) -> Annotated:
    """Find everything that a text mentions. Pure; raises nothing."""
    profile, language = knowledge.profile, knowledge.language(prose.lang)
    lexicon = knowledge.lexicon(prose.lang)
    zone = ZoneInfo(profile.zone)
    day = local_day(article.document_time, zone)
    if lexicon is None or language is None:
        places, actors = find_places(prose, knowledge), find_actors(prose, profile.actors)
        return Annotated(article, prose, None, None, day, None, places, actors)
    prose = without_teasers(prose, lexicon)
    triggers, harm = find_triggers(prose, lexicon), find_harm(prose, lexicon)
    told = bool(triggers or harm) or lexicon.first("cue_casualty", prose.text) is not None
    places = find_places(prose, knowledge) if told else ()
    if not told or not _may_be_here(article, prose, lexicon, places, profile):
        found = Annotated(article, prose, lexicon, language, day, None, places, ())
        return replace(found, triggers=triggers, harm=harm, silent=True)
    times = find_times(prose, lexicon)
    phrases = find_dates(prose, knowledge, times)
    reference = reference_day(article.document_time, zone, prose, lexicon, phrases)
    certain = phrases.seen_from(None) if reference.nominal else ()
    dates, actors = phrases.seen_from(reference.day), find_actors(prose, profile.actors)
    groups = _groups(actors)
    spoken = None if reference.nominal else reference.day
    ruling = tuple(a for a in groups if is_in_power(a.actor, spoken))
    text, armed = cut_text(prose, language), _armed(groups, ruling)
    own = find_own_fighters(prose, lexicon, ruling, armed)
    events = find_events(text, places, dates, armed, spoken, own, ruling)
    people = without_quarters(find_counts(text, _both(groups, own), _both(ruling, own)), places)
    counts = _with_sides(people, events)
    names, denied = find_speaker_names(prose, profile, spoken), _takes_back(prose, lexicon)
    return Annotated(
        article=article,
        prose=prose,
        lexicon=lexicon,
        language=language,
        day=day,
        reference=reference,
        places=places,
        actors=actors,
        dates=dates,
        certain=frozenset((m.first, m.last) for m in certain),
        times=times,
        triggers=triggers,
        harm=harm,
        counts=counts,
        numbers=tuple(covered(c.number for c in counts)),
        attributions=find_attributions(text, article.outlet, names, counts, denied),
        events=events,
        zone=profile.zone,
    )


def _with_sides(
    people: tuple[CountMention, ...], events: tuple[EventSentence, ...]
) -> tuple[CountMention, ...]:
    """The counts by what other sentences tell: attackers known as such, and so many in each blast."""
    counts = mark_insiders(mark_repeated_attackers(people, events), events)
    return multiply_each(mark_lone_attackers(counts, events), events)


def _takes_back(prose: Prose, lexicon: Lexicon) -> bool:
    """Whether words of a text may take an attack back: then it matters whose they are."""
    return any(lexicon.first(category, prose.text) is not None for category in TAKING_BACK)


def _groups(actors: tuple[ActorMention, ...]) -> tuple[ActorMention, ...]:
    """Where armed groups are named: people of theirs may be counted ("five Taliban")."""
    return tuple(a for a in actors if not a.person and a.actor.actor_class not in STATES)


def _both(first: Iterable[Range], second: Iterable[Range]) -> tuple[Range, ...]:
    """All of both, in the order of the text."""
    return tuple(sorted((*first, *second), key=lambda at: at.start))


def _armed(
    groups: tuple[ActorMention, ...], ruling: tuple[ActorMention, ...]
) -> tuple[ActorMention, ...]:
    """Groups that attack. One in power is the authorities: its minister killed is no fighter killed."""
    return tuple(group for group in groups if group not in ruling)


def _may_be_here(
    article: Article,
    prose: Prose,
    lexicon: Lexicon,
    places: tuple[PlaceMention, ...],
    profile: Profile,
) -> bool:
    """Whether anything puts an article's attacks somewhere: a place, a country, a group, an outlet.

    ("Two dead in drive-by shooting", from a station nobody here knows, is no matter for a person. From
    an outlet of the area, which need not say where it is, it may be.)
    """
    gate = profile.gate
    return (
        bool(places)
        or not profile.policy.require_place
        or article.outlet in gate.always_outlets
        or any(word in prose.text for word in gate.places)
        or lexicon.first("region_phrase", prose.text) is not None
    )
