"""What the Kafka publisher is doing, as values: the steps of a session, and what its end means.

Theory of operation
-------------------
::

    Closed → Prepared → Opened → Agreed → Owned ⇄ Sending
      ↑__________________any doubt, from each_________|

A step is a frozen value that holds exactly what exists then (topics, session, mark), and makes the
next one. So nothing is asked whether it is there. The thread (``kafka_publisher``) does what lies between
two steps: it looks at topics, takes the id, reads the ledger, writes. What comes out of a doubt is
``Closed`` again, with what outlives a session: ``Past`` and, if nothing speaks against them, the
topics.

Rules
-----
1. Everything that decides about publishing stands here and is pure: ``STEPS`` (what follows what),
   ``ON_VERDICT`` (store against ledger), ``ON_END`` (a session's end). ``flow`` holds what is seen
   from outside. No Kafka is touched here.
2. A doubt never leads anywhere but to ``Closed``, and nothing of a session is used after it.
3. Once ``Owned``, always on guard: a later mark of another owner means a second worker. Before,
   anything may stand in the ledger.
4. The topics are compared with the store once after each look at them (``is_compared``): somebody
   may have deleted a topic of incidents alone, which the ledger does not know.
5. A row that was refused in company is sent alone the next time, with its own settle: so it is known
   which one it is, and that the broker does not mean the others.
6. What counts a session's failures goes back to nothing when a batch is committed, not when a session
   stands: one can stand again and again, and no batch go through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from worker.core.contract.message import DEAD_LETTERS, REPORTS
from worker.core.domain.errors import PublishError
from worker.publish.flow import FlowEvent
from worker.publish.kafka import topics
from worker.publish.kafka.ledger import Judgement, Mark
from worker.publish.kafka.session import FencedError, ProducerSession, RefusedError, StuckError
from worker.store.outbox import OutboxRow

_SKIPPABLE = (REPORTS, DEAD_LETTERS)
_STUCK_LIMIT = 4

StepName = Literal["Closed", "Prepared", "Opened", "Agreed", "Owned", "Sending"]
StepEvent = Literal["prepared", "opened", "agreed", "owned", "sending", "committed", "doubt"]

STEPS: Mapping[StepName, Mapping[StepEvent, StepName]] = {
    "Closed": {"prepared": "Prepared", "doubt": "Closed"},
    "Prepared": {"opened": "Opened", "doubt": "Closed"},
    "Opened": {"agreed": "Agreed", "doubt": "Closed"},
    "Agreed": {"owned": "Owned", "doubt": "Closed"},
    "Owned": {"sending": "Sending", "doubt": "Closed"},
    "Sending": {"committed": "Owned", "doubt": "Closed"},
}
"""Step and event → step: what the methods of the steps do, as a table for readers. A test holds the
two equal. An event is the method of a step that makes the next one; ``closed`` makes
what a doubt leaves.
"""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics as they were found, and whether the store was compared with them since."""

    found: topics.Prepared
    is_compared: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What outlives a session.

    ``has_owned``: the ledger's newest mark was ours once in the life of this process. ``suspect``:
    ``seq`` of a row that was refused in company; until it is behind us, each settle goes alone.
    ``failures``: sessions that ended in doubt since the last batch, ``stuck`` of them in a call that
    passed its deadline. ``told_unchecked``: that settings of topics may not be seen was said.
    """

    has_owned: bool = False
    suspect: int | None = None
    failures: int = 0
    stuck: int = 0
    told_unchecked: bool = False

    @property
    def is_hopeless(self) -> bool:
        """So many stuck calls that only another process helps; starting again is always safe."""
        return self.stuck >= _STUCK_LIMIT

    def batch_limit(self, configured: int) -> int:
        """How many records the next batch may have; 1 means a single settle."""
        return configured if self.suspect is None else 1

    def is_taken_over(self, found: Mark | None, owner: str) -> bool:
        """Whether the newest mark shows a second worker under our name. None: the ledger was deleted."""
        return self.has_owned and found is not None and found.owner != owner


@dataclass(frozen=True, slots=True)
class Closed:
    """No session. ``topics``: those that need no second look."""

    past: Past = Past()
    topics: Topics | None = None

    def prepared(self, topics: Topics) -> Prepared:
        """The topics are as delivery needs them."""
        told = self.past.told_unchecked or bool(topics.found.unseen)
        return Prepared(replace(self.past, told_unchecked=told), topics)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The topics are as delivery needs them."""

    past: Past
    topics: Topics

    def opened(self, session: ProducerSession, found: Mark | None) -> Opened:
        """The transactional id is ours, and this is the newest mark since."""
        return Opened(self.past, self.topics, session, found)


@dataclass(frozen=True, slots=True)
class Opened:
    """The transactional id is ours; what an earlier session left undone is ended, and ``found`` is
    the newest mark since.
    """

    past: Past
    topics: Topics
    session: ProducerSession
    found: Mark | None

    def agreed(self, mark: Mark) -> Agreed:
        """Store and ledger tell one history, up to ``mark``."""
        topics = replace(self.topics, is_compared=True)
        return Agreed(self.past, topics, self.session, self.found, mark)


@dataclass(frozen=True, slots=True)
class Agreed:
    """Store and ledger tell one history up to ``mark``, which has our name."""

    past: Past
    topics: Topics
    session: ProducerSession
    found: Mark | None
    mark: Mark

    @property
    def must_claim(self) -> bool:
        """Whether the mark has to be written, so that a second worker can see it."""
        return self.found != self.mark

    def owned(self) -> Owned:
        """The newest mark in the ledger is ours."""
        return Owned(replace(self.past, has_owned=True), self.topics, self.session, self.mark)


@dataclass(frozen=True, slots=True)
class Owned:
    """The newest mark in the ledger is ours: the session stands, batches may go."""

    past: Past
    topics: Topics
    session: ProducerSession
    mark: Mark

    def sending(self, rows: Sequence[OutboxRow], progress: OutboxRow | None) -> Sending:
        """A batch goes out. ``progress``: its last row that a mark can rest on."""
        after = self.mark
        if progress is not None:
            after = replace(after, seq=progress.seq, row_hash=progress.row_hash)
        return Sending(self.past, self.topics, self.session, after, tuple(rows))


@dataclass(frozen=True, slots=True)
class Sending:
    """A batch is on its way with the mark that says so; nobody knows yet whether it arrives."""

    past: Past
    topics: Topics
    session: ProducerSession
    mark: Mark
    rows: tuple[OutboxRow, ...]

    def refused(self, error: RefusedError) -> list[OutboxRow]:
        """The rows that the broker will never take; none when it was the mark."""
        return [self.rows[at] for at in error.positions if at < len(self.rows)]

    def committed(self) -> Owned:
        """It arrived, and the store has noted it."""
        suspect = self.past.suspect
        if suspect is not None and self.rows[-1].seq >= suspect:
            suspect = None
        past = replace(self.past, suspect=suspect, failures=0, stuck=0)
        return Owned(past, self.topics, self.session, self.mark)


Step = Closed | Prepared | Opened | Agreed | Owned | Sending

History = Literal["unread", "believed", "agreed", "diverged"]
"""Of a store: no ledger was ever read in its life; one was, in an earlier process; compared with the
ledger and the same; not the same, until it is restored.
"""
SETTLES_LATER: Mapping[History, str] = {
    "unread": "A new store waits for the broker before it settles its first article.",
    "diverged": "Nothing is settled before the store is restored from the topics.",
}
"""A restart must not wait for a broker; a store without a history must, or it mints incidents anew."""

Answer = Literal["resume", "begin", "restore", "restore_above"]
ANSWERS: Mapping[Answer, str] = {
    "resume": "rows up to the mark are published; go on behind it",
    "begin": "nothing is published; the ledger rests on a token",
    "restore": "the store is rebuilt from the topics; the ledger rests on a token",
    "restore_above": "the same, with revisions above both, and what only the store has is added",
}
"""What is done with a verdict. While a store is restored nothing is settled."""
ON_VERDICT: Mapping[Judgement, Answer] = {
    "agreed": "resume",
    "fresh": "begin",
    "foreign": "restore",
    "missing": "restore",
    "ahead": "restore",
    "rewritten": "restore",
    "moved": "restore_above",
    "behind": "restore_above",
}


def mark_after(answer: Answer, found: Mark | None, store_id: str, owner: str, token: str) -> Mark:
    """What the ledger rests on once store and ledger agree. ``token`` is new and random.

    Never below the mark that was found: a ``seq`` is not used twice.
    """
    if answer == "resume" and found is not None:
        return replace(found, owner=owner)
    return Mark(store_id, found.seq if found is not None else 0, token, owner)


End = Literal[
    "in_company", "set_aside", "never_skipped", "not_allowed", "topics", "fenced", "stuck", "other"
]


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of a session means: for the flow, and for the topics that were looked at."""

    meaning: str
    flow: FlowEvent
    keeps_topics: bool


ON_END: Mapping[End, Ending] = {
    "in_company": Ending(
        "a row was refused in a batch of several settles: it is tried alone", "remedied", False
    ),
    "set_aside": Ending(
        "a row of the reports or dead letters was refused alone: it is set aside", "remedied", False
    ),
    "never_skipped": Ending(
        "a row of the incident topics was refused, or the mark beside it", "blocks", False
    ),
    "not_allowed": Ending(
        "a right is missing, and the session stood all the same", "blocks", False
    ),
    "topics": Ending(
        "a topic is missing or not fit, or a right is missing before the session stood",
        "waits",
        False,
    ),
    "fenced": Ending(
        "the transactional id was taken; told unless it is the first failure", "waits", True
    ),
    "stuck": Ending(
        "a call passed its deadline; at the fourth since the last batch: exit 70", "waits", True
    ),
    "other": Ending("anything else, as an absent broker or a full disk", "waits", True),
}
_TOPIC_REASONS = frozenset(
    {"topic_missing", "topic_unreadable", "record_refused", "not_authorized", "ledger_partitions"}
)
"""After these the topics may have been changed, or made anew by somebody else."""


def end_of(step: Step, error: PublishError) -> End:
    """Which end of a session this is."""
    if isinstance(error, RefusedError) and isinstance(step, Sending):
        return _refusal(step, error)
    if isinstance(error, FencedError):
        return "fenced"
    if isinstance(error, StuckError):
        return "stuck"
    if error.reason == "not_authorized" and isinstance(step, Owned | Sending):
        return "not_allowed"
    return "topics" if error.reason in _TOPIC_REASONS else "other"


def _refusal(step: Sending, error: RefusedError) -> End:
    bad = step.refused(error)
    if not bad:
        return "never_skipped"
    if len({row.settle_id for row in step.rows}) > 1:
        return "in_company"
    return "set_aside" if all(row.topic in _SKIPPABLE for row in bad) else "never_skipped"


def closed(step: Step, end: End, error: PublishError) -> Closed:
    """What a doubt leaves: no session, one failure more, and the topics unless ``ON_END`` says no."""
    past = replace(step.past, failures=step.past.failures + 1)
    if end == "stuck":
        past = replace(past, stuck=past.stuck + 1)
    if end == "in_company" and isinstance(step, Sending) and isinstance(error, RefusedError):
        past = replace(past, suspect=step.refused(error)[0].seq)
    return Closed(past, step.topics if ON_END[end].keeps_topics else None)
