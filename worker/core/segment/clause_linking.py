"""Puts the clauses of an article into threads: one thread for each attack that it reports.

Rules
-----
1. A plain clause goes on with the main attack, unless it stands in the paragraph of another one,
   points back to it ("that attack"), or reports harm in a place that is not the main attack's.
2. A background clause joins the background attack of the same date, else opens a new one. "Last week's
   bombing" is the one told before that was in that week, where there is only one.
3. Two sites of the city are two attacks; a second blast at the same site is the same attack.
4. A main thread without an attack in the head of the text becomes background or threat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from worker.core.annotate.annotate import Annotated
from worker.core.annotate.dates import DateMention
from worker.core.annotate.triggers import Trigger
from worker.core.domain.report import IncidentDate
from worker.core.knowledge.profile import PlaceEntry
from worker.core.knowledge.weights import LinkingWeights
from worker.core.lang.normalise import Range, holding, inside, starting_in
from worker.core.lang.tokens import touched
from worker.core.segment.clause_places import ClausePlaces
from worker.core.segment.clauses import Clause, is_foreign
from worker.core.segment.framing import opens_event
from worker.core.segment.main_date import Timeline
from worker.core.segment.same_attack import Days, may_be_same, named_by_its_span
from worker.core.text.prose import Sentence

SegmentKind = Literal["main", "item", "background", "aggregate", "threat"]
_UNDATED = IncidentDate(None, None, "unknown", "none")
_HEAD_SENTENCES = 6
"""A main attack is told, at the latest, in this sentence; one first named later is a side matter."""
_LATE_SENTENCES = 8
"""From this sentence on, "meanwhile, a helicopter …" is another matter even without a place."""
_OPENING_CHARS = 16
_SPEECH_CHARS = 24
_SUBJECT_TOKENS = 3
_NOT_TOLD = frozenset({"EVENT_NOUN", "IN_SUBORDINATE", "IS_DEF", "OBJECT_NOUN"})
"""An event that is named, or told in a clause of something else."""
_SHORT_PARAGRAPH_SENTENCES = 5
"""In a paragraph of so many sentences all go on with the attack it began with; in a longer one
(outlets that print the whole text as one) only a sentence that follows directly and tells harm."""


@dataclass(slots=True)
class Thread:
    """A segment in the making."""

    kind: SegmentKind
    date: IncidentDate
    clauses: list[Clause] = field(default_factory=list)
    regions: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    """Its landmarks and quarters, with all below the city that these lie in. A clause that counts
    several attacks gives none: "Two blasts, one near the airport, one in the bazaar"."""
    joint: bool = False
    """Of an aggregate: it counts the text's own attacks together, which it tells one by one as well."""

    def sentences(self) -> set[int]:
        """The indexes of the sentences that its clauses stand in."""
        return {c.sentence for c in self.clauses}


class ClauseLinker:
    """Puts the clauses of one article into threads. Holds state: one instance for one article."""

    def __init__(
        self,
        annotated: Annotated,
        timeline: Timeline,
        gazetteer: Mapping[str, PlaceEntry],
        weights: LinkingWeights,
    ) -> None:
        self._weights = weights
        self._places = ClausePlaces(annotated, gazetteer)
        self._annotated, self._prose, self._dates = annotated, annotated.prose, timeline.dates
        self._main = Thread("main", timeline.main)
        self._threads: list[Thread] = [self._main]
        self._current = self._main
        self._head_regions: set[str] = set()
        """Where the main attack is, as title and lead have it."""
        self._main_sentences: set[int] = set()
        self._items: list[Thread] = []
        self._earlier: dict[Days, Thread] = {}
        """Background attacks by their days."""
        self._counts_together = False
        self._top_counts_several = False
        """Whether title or lead counts several attacks of the main one's day ("two bombings")."""
        self._last_other: Thread | None = None
        """The latest thread of another attack, past or of today."""

    def link(self, clauses: list[Clause]) -> list[Thread]:
        """All threads, the main one first."""
        for clause in clauses:
            thread = self._thread_of(clause)
            if thread is not None:
                self._add(clause, thread)
                self._current = thread
        _demote_main(self._main, self._threads)
        self._set_combined_aside()
        return self._threads

    def _add(self, clause: Clause, thread: Thread) -> None:
        regions = self._places.regions(clause)
        thread.clauses.append(clause)
        thread.regions |= regions
        if not self._says("several_events", clause):
            thread.sites |= self._places.sites(clause)
        if thread is self._main:
            self._main_sentences.add(clause.sentence)
            if self._prose.sentences[clause.sentence].zone in ("title", "lead"):
                self._head_regions |= regions
                self._top_counts_several |= self._says("several_events", clause)

    def _set_combined_aside(self) -> None:
        """Take "two bombings killed five" out of the main attack when both are told apart."""
        item_regions = {r for t in self._items for r in t.regions}
        if not item_regions or any(map(self._counts_at_one_site, self._main.clauses)):
            return
        combined: list[Clause] = []
        kept: list[Clause] = []
        for clause in self._main.clauses:
            counts = clause.harm and self._is_combined(clause, item_regions)
            (combined if counts else kept).append(clause)
        if combined and any(c.triggers for c in kept):
            self._main.clauses = kept
            here = item_regions.union(*map(self._places.regions, combined)) == {""}
            here = here and all(thread.sites for thread in self._items)
            self._threads.append(Thread("aggregate", _UNDATED, combined, {""}, joint=here))

    def _counts_at_one_site(self, clause: Clause) -> bool:
        """As in "two bombings killed 20 people outside a school in X": that is one attack."""
        return self._says("several_events", clause) and len(self._places.sites_apart(clause)) == 1

    def _is_combined(self, clause: Clause, item_regions: set[str]) -> bool:
        """Whether a clause counts attacks together that are also told one by one."""
        if "" in item_regions and self._says("several_events", clause):
            return True
        plural = self._says("plural_event", clause)
        regions = self._places.regions(clause)
        return plural and len(regions) > 1 and bool((regions - {""}) & item_regions)

    def _main_regions(self) -> set[str]:
        """Where the main attack is, as the head of the text has it; the watched area if both."""
        regions = self._head_regions or self._main.regions
        return {""} if "" in regions else regions

    def _thread_of(self, clause: Clause) -> Thread | None:
        if clause.kind == "background":
            return self._background(clause)
        if clause.kind in ("aggregate", "threat"):
            return self._opened("aggregate" if clause.kind == "aggregate" else "threat", _UNDATED)
        if clause.kind == "aside":
            return None
        if self._is_separate(clause):
            return self._item(clause)
        return self._continued(clause)

    def _opened(self, kind: SegmentKind, date: IncidentDate) -> Thread:
        thread = Thread(kind, date)
        self._threads.append(thread)
        if kind in ("background", "item"):
            self._last_other = thread
        if kind == "item":
            self._items.append(thread)
        self._counts_together |= kind == "aggregate"
        if kind == "background" and date.start is not None and date.end is not None:
            self._earlier.setdefault((date.start, date.end), thread)
        return thread

    def _background(self, clause: Clause) -> Thread:
        date = self._date_in(clause, clause.date)
        last = self._current
        near = last.kind == "background" and clause.sentence - last.clauses[-1].sentence <= 1
        if near and may_be_same(last.date, date) and clause.date is None:
            return last
        same = self._earlier.get((date.start, date.end)) if date.start and date.end else None
        if same is None and not self._places.regions(clause):
            told = {days: thread.clauses for days, thread in self._earlier.items()}
            days = named_by_its_span(clause, date, told)
            same = self._earlier[days] if days is not None else None
        return same or self._opened("background", date)

    def _date_in(self, clause: Clause, sign: DateMention | None) -> IncidentDate:
        found = sign or next(
            (d for d in self._dates_in(clause) if is_foreign(d, self._main.date)),
            None,
        )
        if found is None:
            return _UNDATED
        return IncidentDate(found.first, found.last, found.precision, found.basis)

    def _is_other_site(self, clause: Clause) -> bool:
        """Whether a clause plays at another site of the city than the main attack so far.

        (One blast hit a bus in one quarter, "the second" a checkpoint in another: two incidents.)
        """
        sites, main = self._places.sites(clause), self._main.sites
        return bool(sites) and bool(main) and not sites & main

    def _dates_in(self, clause: Clause) -> tuple[DateMention, ...]:
        return starting_in(self._dates, clause)

    def _says(self, category: str, clause: Range) -> bool:
        """Whether a clause has words of a category."""
        return self._annotated.has(category, clause)

    def _is_separate(self, clause: Clause) -> bool:
        """Whether a clause reports another attack for its own sake."""
        if self._prose.sentences[clause.sentence].zone in ("title", "caption"):
            return False
        if not (clause.triggers or clause.harm) or self._is_of_the_dead(clause):
            return False
        filed = self._places.filed_from(clause)
        regions = self._places.located_regions(clause) or filed
        main_regions = self._main_regions() if regions else set()
        is_elsewhere = bool(regions) and bool(main_regions) and not regions & main_regions
        if clause.kind == "separate":
            half = not clause.triggers and self._says("second_cue", clause)
            if half and not self._top_counts_several:  # "one doctor died here and the other in X"
                return False
            weak = self._says("another_cue", clause)
            late = clause.sentence >= _LATE_SENTENCES and not regions
            other = late and any(t.indefinite for t in clause.triggers)
            return not weak or is_elsewhere or other or self._is_other_site(clause)
        if self._opens_another_day(clause):
            return True
        if self._says("second_cue", clause) or self._is_one_of_several(clause):
            return is_elsewhere or self._is_other_site(clause)
        return is_elsewhere and (bool(filed) or not any(t.definite for t in clause.triggers))

    def _is_one_of_several(self, clause: Clause) -> bool:
        """Whether it tells an attack for the first time, below a top that counts several.

        ("Two bombings killed five … the first hit a bus in X … An hour later a bomb went off in Y.")
        """
        event = holding(self._annotated.events, clause.start)
        if not self._top_counts_several or not clause.triggers or event is None:
            return False
        tokens = [event.tokens[at] for at in touched(event.tokens, clause)]
        if any("PRON" in token.tags for token in tokens[:_SUBJECT_TOKENS]):
            return False
        if any(_is_new(trigger) for trigger in clause.triggers):
            return True
        known = any(trigger.definite for trigger in clause.triggers)
        told = any("REAL_EVENT" in t.tags and not t.tags & _NOT_TOLD for t in tokens)
        opens = any(opens_event(tokens, at) for at in range(len(tokens)))
        return opens or (clause.harm and told and not known)

    def _is_of_the_dead(self, clause: Clause) -> bool:
        """Whether it only goes on with somebody killed: "the slain prosecutor had worked in Herat"."""
        event = holding(self._annotated.events, clause.start)
        harm = inside(self._annotated.harm, clause)
        if clause.triggers or event is None or not harm:
            return False
        told = (event.tokens[at].tags for one in harm for at in touched(event.tokens, one))
        return all("OF_THE_DEAD" in tags for tags in told)

    def _opens_another_day(self, clause: Clause) -> bool:
        """As in a round-up: "On Tuesday, a sticky bomb killed …", when the main one was Monday's.

        Where attacks were counted together, the day may stand anywhere: "a bomb killed … on Tuesday", and
        whom it hit in the next sentence: "On Tuesday gunmen stormed a bank in X. Six people died".
        """
        dates = self._dates_in(clause)
        date = next((d for d in dates if d.start - clause.start < _OPENING_CHARS), None)
        if date is None and self._counts_several_days and len(dates) == 1:
            spoken = Range(max(clause.start, dates[0].start - _SPEECH_CHARS), dates[0].start)
            date = None if self._says("speech", spoken) else dates[0]
        if date is None or date.first != date.last or self._main.date.start is None:
            return False
        inside = self._main.date.start <= date.first <= (self._main.date.end or date.first)
        new = [t for t in clause.triggers if not t.definite]
        if inside or not new or not self._is_round_up():
            return False
        return clause.harm or (self._counts_several_days and self._is_other_site(clause))

    def _is_round_up(self) -> bool:
        """Whether attacks are told day by day, or counted together at the top."""
        return self._has_many_days or self._counts_together

    @property
    def _counts_several_days(self) -> bool:
        """Whether attacks were counted together, or are at the top of a text of many days."""
        return self._counts_together or (self._top_counts_several and self._has_many_days)

    @cached_property
    def _has_many_days(self) -> bool:
        days = {d.first for d in self._dates if d.first == d.last and d.precision == "day"}
        return len(days) > 2

    def _item(self, clause: Clause) -> Thread:
        regions = self._places.regions(clause)
        if regions and not self._opens_another_day(clause):
            sites = self._places.sites(clause)
            for thread in self._items:
                if thread.regions & regions and not _is_new_site(sites, thread):
                    return thread
        date = self._item_date(clause)
        return self._opened("item", date)

    def _item_date(self, clause: Clause) -> IncidentDate:
        for mention in self._dates_in(clause):
            if mention.precision in ("day", "days"):
                return IncidentDate(mention.first, mention.last, mention.precision, mention.basis)
        main = self._main.date
        if main.start is None or main.basis in ("published", "first_seen"):
            return main
        return replace(main, precision="days")

    def _continued(self, clause: Clause) -> Thread:
        """The thread that a plain clause goes on with."""
        sentence = self._prose.sentences[clause.sentence]
        last = self._current
        if last is self._main or sentence.zone in ("title", "caption"):
            return self._pointed_to(clause) or self._main
        if last.kind not in ("background", "item"):
            return self._pointed_to(clause) or self._main
        previous = self._prose.sentences[last.clauses[-1].sentence]
        if previous.index == sentence.index or self._has_main_date(clause):
            return self._main
        if self._continues_last(clause, last, previous, sentence):
            return last
        return self._pointed_to(clause) or self._main

    def _continues_last(
        self, clause: Clause, last: Thread, previous: Sentence, sentence: Sentence
    ) -> bool:
        """Whether an unmarked sentence goes on with the other attack told just before it."""
        reports_attack = bool(clause.triggers) or clause.harm
        next_to = sentence.index - previous.index == 1
        aside = last.kind == "background" or self._claims_all(clause)
        if previous.index in self._main_sentences and aside:
            return False  # an aside of a sentence on the main attack, which goes on now
        definite = any(t.definite for t in clause.triggers)
        if previous.paragraph == sentence.paragraph:
            length = len(self._prose.paragraph(sentence.paragraph))
            return length <= _SHORT_PARAGRAPH_SENTENCES or (
                reports_attack and next_to and (last.kind == "item" or not definite)
            )
        late = clause.start > self._weights.tail_share * len(self._prose.text)
        return late and reports_attack and next_to and last.kind == "background" and not definite

    def _claims_all(self, clause: Clause) -> bool:
        """Whether attacks are claimed in the plural, and no harm is told: "claimed both"."""
        several = self._says("plural_event", clause) or self._says("claim_both", clause)
        return several and self._says("claim_verb", clause) and not clause.harm

    def _pointed_to(self, clause: Clause) -> Thread | None:
        """The other attack that a clause names by "that attack", if there is one just before."""
        if not self._says("anaphor_back", clause):
            return None
        return self._last_other

    def _has_main_date(self, clause: Clause) -> bool:
        main = self._main.date
        return any(
            d.precision in ("day", "days")
            and main.start is not None
            and main.end is not None
            and d.meets(main.start, main.end)
            for d in self._dates_in(clause)
        )


def _is_new(trigger: Trigger) -> bool:
    """Whether a word of attack is told anew: "a bomb", also in "later in the day a bomb …"."""
    definite, indefinite = trigger.definite_at, trigger.indefinite_at
    return indefinite is not None and (definite is None or definite < indefinite)


def _is_new_site(sites: set[str], thread: Thread) -> bool:
    """Whether sites of the watched area are others than an item's: none lies in another's."""
    return bool(sites or thread.sites) and not sites & thread.sites


def _demote_main(main: Thread, threads: list[Thread]) -> None:
    """Make a main thread background, or threat, when the head of the text reports no attack of it."""
    head = [c for t in threads for c in t.clauses if c.triggers and c.sentence < _HEAD_SENTENCES]
    first = min(head, key=lambda c: c.start, default=None)
    lead = [c for c in main.clauses if c.sentence < _HEAD_SENTENCES and (c.triggers or c.harm)]
    if first is not None and first.kind == "threat" and not any(c.harm for c in lead):
        main.kind = "threat"
    elif not lead:
        main.kind = "background"
