"""Drains the outbox into Kafka, on a thread of its own, each message exactly once.

Theory of operation
-------------------
One life of a session: take the transactional id (which ends what an earlier process left undone) →
read the ledger → ``judge`` it against the store → mark what it proves → claim it for this process →
then, again and again, one batch of whole settles and its ledger mark in one transaction, and mark
the rows. Any doubt ends the session; the next one starts by reading the ledger, which knows.

What a session has reached, and what its end means, are values and tables of ``session_steps``; how
publishing goes, seen from outside, is one of ``flow``. Here is only what must be done between them.

Rules
-----
1. Strictly in the order of ``seq``, one transaction at a time. The mark in the store is only a
   cache; the ledger is the truth.
2. A record of the reports or dead-letter topic that the broker refuses is set aside, once it was
   refused in a batch of its own settle alone. A row of any other topic (incidents, decisions) is
   never skipped: publishing stops, ``blocked``.
3. When store and ledger tell different histories nothing is sent: first the store is restored from
   the topics (``read_topics``, ``rebuild``), or, without knowledge to do so, a person must look.
4. A second worker under our name is fatal for the one that sees the other's mark: ``on_fatal``.
5. After several stuck calls without a batch the process ends (exit 70); a restart is always safe.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from worker.config.schema import Config
from worker.core.contract.message import INCIDENT_LOG, INCIDENTS
from worker.core.domain.errors import KabulwireError, PublishError
from worker.core.knowledge.knowledge import Knowledge
from worker.observe.metrics import Metrics
from worker.publish import batches, session_steps
from worker.publish.drain import Drain, Told
from worker.publish.kafka import client, ledger, topics
from worker.publish.kafka.ledger import Judgement, Mark, judge
from worker.publish.kafka.session import (
    Limits,
    Outgoing,
    ProducerSession,
    RefusedError,
    within,
)
from worker.publish.recovery import read_topics
from worker.publish.recovery.rebuild import rebuild
from worker.publish.recovery.resync import republish
from worker.publish.session_steps import Closed, History, Opened, Owned, Past, Step, Topics
from worker.store.connect import Connection, open_reader
from worker.store.outbox import SET_ASIDE, OutboxRow, mark_rows
from worker.store.writer import Writer

S = TypeVar("S", bound=Step)
T = TypeVar("T")
MAX_BATCH_BYTES = 1 << 20
EX_SOFTWARE = 70
_IDLE_S = 1.0
_BACKOFF_S = (0.3, 15.0)
_READ_S = 25.0


class SecondInstanceError(KabulwireError):
    """Another worker publishes under this instance name."""


class KafkaPublisher(Drain):
    """Publishes to the configured brokers until stopped."""

    def __init__(
        self,
        config: Config,
        writer: Writer,
        tell: Told,
        *,
        knowledge: Knowledge | None = None,
        metrics: Metrics | None = None,
        on_fatal: Callable[[BaseException], None] | None = None,
        exit_now: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__(config.store.path, writer, tell)
        self._config = config
        self._knowledge = knowledge
        self._metrics = metrics
        self._on_fatal = on_fatal
        self._exit_now = exit_now
        self._limits = Limits(config.publish.deadline_s)
        self._owner = secrets.token_hex(8)
        self.step: Step = Closed()
        """What the session has reached; only this thread replaces it."""
        self.history: History = "unread"
        """What is known of the store against its ledger; the same."""

    @property
    def settles_later(self) -> str:
        """No ledger was read in the life of this store yet, or the two do not agree."""
        return session_steps.SETTLES_LATER.get(self.history, "")

    def run(self) -> None:
        """The thread: sessions, one after the other."""
        client.quieten()
        conn = open_reader(self._config.store.path)
        self.history = "believed" if batches.may_settle(conn) else "unread"
        closed: Closed | None = Closed()
        try:
            while closed is not None and not (self._stopping.is_set() and self.problem is not None):
                closed = self._one_session(conn, closed)
        except Exception as error:  # noqa: BLE001 - the thread's last word
            self._die(error)
        finally:
            conn.close()

    def _one_session(self, conn: Connection, closed: Closed) -> Closed | None:
        """From building a producer to its first doubt; None when all is done and we may end."""
        name = self._config.topics.prefix + "." + self._config.instance
        session = ProducerSession(self._config.kafka, name, self._limits, self._beat)
        try:
            with contextlib.closing(session):
                self._publish_until_told(conn, self._begin(conn, closed, session))
                return None
        except PublishError as error:
            return self._failed(error)

    def _begin(self, conn: Connection, closed: Closed, session: ProducerSession) -> Owned:
        """Everything that stands before the first batch, step by step."""
        self._beat()
        client.GATE.forget()
        prepared = self._reached(closed.prepared(closed.topics or self._look_at_topics(closed)))
        if prepared.past.has_owned:  # before we fence the rightful owner
            self._require_ours(prepared.past, self._read_ledger())
        session.open()
        self._beat()
        found = self._read_ledger()
        self._require_ours(prepared.past, found)
        opened = self._reached(prepared.opened(session, found))
        agreed = self._reached(opened.agreed(self._agree(conn, opened)))
        if agreed.must_claim:
            session.commit([self._ledger_record(agreed.mark)])
        owned = self._reached(agreed.owned())
        self._goes_on("stands")
        return owned

    def _reached(self, step: S) -> S:
        self.step = step
        return step

    def _look_at_topics(self, closed: Closed) -> Topics:
        """As delivery needs them. Settings that we may not see do not stop it; it is said once."""
        found = self._waiting("topics", lambda: topics.prepare(self._config))
        if found.unseen and not closed.past.told_unchecked:
            self._tell("publish.unchecked", {"topics": ", ".join(found.unseen)})
        return Topics(found)

    def _require_ours(self, past: Past, found: Mark | None) -> None:
        """Raises ``SecondInstanceError`` when somebody took over."""
        if past.is_taken_over(found, self._owner):
            raise SecondInstanceError(
                f"another worker publishes as instance {self._config.instance!r} to "
                f"{self._config.topics.prefix}.*: give each worker its own `instance`"
            )

    def _agree(self, conn: Connection, opened: Opened) -> Mark:
        """Bring store and ledger to one history, or raise; what the ledger is to rest on."""
        found, where = opened.found, opened.topics.found.destination
        side, before = batches.store_side(conn, found), batches.destination(conn)
        empty = not ledger.must_see_topics(found, side) or self._topics_empty()
        verdict = judge(found, side, topics_empty=empty, moved=before not in (None, where))
        answer = session_steps.ON_VERDICT[verdict]
        token = secrets.token_hex(8)
        basis = session_steps.mark_after(answer, found, side.store_id, self._owner, token)
        if answer == "resume":
            self._write(lambda writing: batches.note_agreed(writing, basis, where))
            self._make_up_for_losses(opened.topics, side, basis.seq)
        elif answer == "begin":
            self._write(lambda writing: batches.note_token(writing, 0, basis.row_hash, where))
        else:
            self._restore(verdict, basis, where, above=answer == "restore_above")
        self.history = "agreed"
        return basis

    def _make_up_for_losses(self, known: Topics, side: ledger.StoreSide, seq: int) -> None:
        """A topic of incidents that was deleted alone: the ledger does not know, consumers do."""
        if known.is_compared or not side.has_published or not self._knowledge:
            return
        gone = {INCIDENTS, INCIDENT_LOG} & set(known.found.made)
        if not gone and not self._topics_empty():
            return
        knowledge, now = self._knowledge, dt.datetime.now(dt.UTC)
        self._tell_diverged("emptied", seq)
        sent = self._write(lambda conn: republish(conn, "kafka", now, knowledge))
        self._tell("store.restored", {"resynced": sent["incidents"]})

    def _topics_empty(self) -> bool:
        return self._waiting(
            "look", lambda: read_topics.is_empty(self._config, self._knowledge, read_topics.READ_S)
        )

    def _restore(self, verdict: Judgement, basis: Mark, where: str, *, above: bool) -> None:
        """Say it loudly, then bring the store to what the topics hold. The token of ``basis`` will
        tell it from copies; ``above``: what it alone has is not thrown away.
        """
        self.history = "diverged"
        self._tell_diverged(verdict, basis.seq)
        knowledge = self._knowledge
        if knowledge is None:
            raise PublishError(
                "store_diverged",
                f"store and ledger disagree ({verdict})",
                "The store was lost, restored or replaced; publishing waits for you.",
            )
        published = self._waiting(
            "restore", lambda: read_topics.read(self._config, knowledge.profile.name)
        )
        now = dt.datetime.now(dt.UTC)

        def take(conn: Connection) -> dict[str, int]:
            counts = rebuild(conn, published, basis.seq, now, knowledge, moved=above)
            batches.note_token(conn, basis.seq, basis.row_hash, where)
            return counts

        told = self._write(take)
        self._tell("store.restored", told)

    def _tell_diverged(self, reason: str, seq: int) -> None:
        self._tell("store.diverged", {"reason": reason, "ledger_seq": seq})
        if self._metrics is not None:
            self._metrics.diverged.inc()
            self._metrics.diverged_at.set_to_current_time()

    def _publish_until_told(self, conn: Connection, owned: Owned) -> None:
        """Batches, until a stop was asked for and nothing waits."""
        while True:
            self._beat()
            self._wake.clear()
            stopping = self._stopping.is_set()
            limit = owned.past.batch_limit(self._config.publish.batch_records)
            rows = batches.next_batch(conn, limit, MAX_BATCH_BYTES)
            if rows:
                owned = self._publish(owned, rows)
            elif stopping:
                return
            else:
                self._wake.wait(_IDLE_S)

    def _publish(self, owned: Owned, rows: Sequence[OutboxRow]) -> Owned:
        """One transaction, and the note of it in the store."""
        began = time.monotonic()
        progress = batches.last_progress(rows)
        sending = self._reached(owned.sending(rows, progress))
        try:
            sending.session.commit([*map(self._record, rows), self._ledger_record(sending.mark)])
        except RefusedError as error:
            if session_steps.end_of(sending, error) == "set_aside":
                self._set_aside(sending.refused(error), error)
            raise
        seqs = [row.seq for row in rows]
        self._write(lambda conn: batches.note_published(conn, seqs, progress))
        owned = self._reached(sending.committed())
        self._goes_on("committed")
        self._tell_committed(len(rows), time.monotonic() - began)
        return owned

    def _set_aside(self, bad: Sequence[OutboxRow], refused: RefusedError) -> None:
        seqs = [row.seq for row in bad]
        self._write(lambda conn: mark_rows(conn, seqs, SET_ASIDE))
        for row in bad:
            self._tell(
                "publish.set_aside", {"topic": row.topic, "key": row.key, "detail": str(refused)}
            )

    def _record(self, row: OutboxRow) -> Outgoing:
        return Outgoing(
            topic=f"{self._config.topics.prefix}.{row.topic}",
            key=row.key.encode(),
            value=row.value or None,
            headers=tuple((name, text.encode()) for name, text in row.headers.items()),
        )

    def _ledger_record(self, written: Mark) -> Outgoing:
        topic = f"{self._config.topics.prefix}.{ledger.TOPIC}"
        return Outgoing(topic, self._config.instance.encode(), written.encode())

    def _read_ledger(self) -> Mark | None:
        topic = f"{self._config.topics.prefix}.{ledger.TOPIC}"
        try:
            return self._waiting(
                "ledger",
                lambda: ledger.read(self._config.kafka, topic, self._config.instance, _READ_S),
                _READ_S,
            )
        except Exception as error:
            raise client.explain(error, "READ") from error

    def _failed(self, error: PublishError) -> Closed:
        """A session ended in doubt: say so once, wait, and perhaps give up on this process."""
        end = session_steps.end_of(self.step, error)
        closed = self._reached(session_steps.closed(self.step, end, error))
        if self._metrics is not None:
            self._metrics.transactions.labels("failed").inc()
            self._metrics.rebuilds.labels(error.reason).inc()
        first_fence = end == "fenced" and closed.past.failures == 1
        self._ended(session_steps.ON_END[end].flow, error, quietly=first_fence)
        if closed.past.is_hopeless:
            self._exit_now(EX_SOFTWARE)
        if self.problem is not None:  # else it was answered at once
            self._back_off(closed.past.failures)
        return closed

    def _back_off(self, failures: int) -> None:
        """Longer after each failure in a row; a stop ends the wait, new work does not."""
        first, longest = _BACKOFF_S
        self._stopping.wait(min(longest, first * 2 ** min(failures, 10)))

    def _tell_recovered(self, problem: PublishError) -> None:
        """A session stands, or, after a refused row, a batch went through: no problem any more."""
        self._tell("publish.rebuilt", {"reason": problem.reason})
        super()._tell_recovered(problem)

    def _tell_committed(self, records: int, seconds: float) -> None:
        self._tell("publish.committed", {"records": records, "ms": round(seconds * 1000)})
        if self._metrics is not None:
            self._metrics.transactions.labels("committed").inc()
            self._metrics.transaction_duration.observe(seconds)

    def _waiting(self, name: str, call: Callable[[], T], seconds: float = read_topics.READ_S) -> T:
        """A call that reads, with its own deadline inside and ours outside."""
        return within(seconds + 30, name, call, self._beat)

    def _beat(self) -> None:
        self.beat = time.monotonic()

    def _die(self, error: BaseException) -> None:
        """What cannot be mended here ends the thread, and the process if it listens."""
        second = isinstance(error, SecondInstanceError)
        self._ended(
            "ends",
            PublishError(
                "second_instance" if second else "publisher_failed",
                str(error),
                "Give each worker an `instance` of its own, then start this one again."
                if second
                else "This is a defect; a restart is safe.",
            ),
        )
        if self._on_fatal is not None:
            self._on_fatal(error)


__all__ = ["KafkaPublisher", "SecondInstanceError"]
