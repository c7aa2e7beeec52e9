"""Drains the outbox into Kafka, on a thread of its own, each message exactly once.

Theory of operation
-------------------
One life of a session: take the transactional id (which ends what an earlier process left undone) →
read the ledger → ``judge`` it against the store → mark what it proves → claim it for this process →
then, again and again, one batch of whole settles and its ledger mark in one transaction, and mark
the rows. Any doubt ends the session; the next one starts by reading the ledger, which knows.

Rules
-----
1. Strictly in the order of ``seq``, one transaction at a time. The mark in the store is only a
   cache; the ledger is the truth.
2. A row of the incident topics is never skipped: publishing stops and ``blocked`` says so. A record
   of the reports or dead-letter topic that the broker refuses is set aside, once it was refused in a
   batch of its own settle alone.
3. When store and ledger tell different histories nothing is sent: first the store is restored from
   the topics (``restore``), or, without knowledge to do so, a person must look.
4. A second worker under our name is fatal for the one that sees the other's mark: ``on_fatal``.
5. After several stuck calls in a row the process ends (exit 70); a restart is always safe.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from worker.config.schema import Config
from worker.core.contract.message import DEAD_LETTERS, INCIDENT_LOG, INCIDENTS, REPORTS
from worker.core.domain.errors import KabulwireError, PublishError
from worker.core.knowledge.knowledge import Knowledge
from worker.observe.metrics import Metrics
from worker.publish import batches
from worker.publish.drain import Drain, Told
from worker.publish.kafka import client, ledger, topics
from worker.publish.kafka.ledger import Mark, judge
from worker.publish.kafka.session import (
    FencedError,
    Limits,
    Outgoing,
    ProducerSession,
    RefusedError,
    StuckError,
    within,
)
from worker.publish.recovery import restore
from worker.publish.recovery.rebuild import rebuild
from worker.publish.recovery.resync import republish
from worker.store.connect import Connection, open_reader
from worker.store.outbox import SET_ASIDE, OutboxRow, mark
from worker.store.writer import Writer

T = TypeVar("T")
MAX_BATCH_BYTES = 1 << 20
EX_SOFTWARE = 70
_LOOK_AGAIN = frozenset(
    {"topic_missing", "topic_unreadable", "record_refused", "not_authorized", "ledger_partitions"}
)
"""After these the topics may have been changed, or made anew by somebody else."""
_SKIPPABLE = (REPORTS, DEAD_LETTERS)
_STUCK_LIMIT = 4
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
        self._mark: Mark | None = None
        self._claimed = False
        self._prepared: topics.Prepared | None = None
        self._look_for_losses = True
        self._told_unseen = False
        self._suspect: int | None = None
        self._stuck = 0
        self._failures = 0
        self.blocked = False
        """Publishing waits for a person, not for the broker: we are not ready."""
        self.may_settle = False
        """A ledger was read in the life of this store, and the two agree as far as is known."""

    def run(self) -> None:
        """The thread: sessions, one after the other."""
        client.quieten()
        conn = open_reader(self._config.store.path)
        self.may_settle = batches.may_settle(conn)
        try:
            while not (self._stopping.is_set() and self.problem is not None):
                if self._one_session(conn):
                    return
        except Exception as error:  # noqa: BLE001 - the thread's last word
            self._die(error)
        finally:
            conn.close()

    def _one_session(self, conn: Connection) -> bool:
        """From building a producer to its first doubt; True when all is done and we may end."""
        name = self._config.topics.prefix + "." + self._config.instance
        session = ProducerSession(self._config.kafka, name, self._limits, self._beat)
        stands = False
        try:
            self._begin(conn, session)
            stands = True
            self._publish_until_told(conn, session)
            return True
        except PublishError as error:
            session.close()
            if stands and error.reason == "not_authorized":
                self.blocked = True  # the next session stands too: only a batch proves the right
            self._failed(error)
            return False
        finally:
            session.close()

    def _begin(self, conn: Connection, session: ProducerSession) -> None:
        """Everything that stands before the first batch."""
        self._beat()
        client.GATE.forget()
        if self._prepared is None:
            self._prepared = self._waiting("topics", lambda: topics.prepare(self._config))
            self._look_for_losses = True
            self._tell_unseen(self._prepared.unseen)
        if self._claimed:
            self._require_ours(self._read_ledger())  # before we fence the rightful owner
        session.open()
        self._beat()
        found = self._read_ledger()
        self._require_ours(found)
        self._agree(conn, found)
        if found is None or found.owner != self._owner or self._mark != found:
            self._claim(session)
        if not self.blocked:
            self._recovered()

    def _tell_unseen(self, names: Sequence[str]) -> None:
        """Settings that we may not see do not stop publishing; it is said once."""
        if names and not self._told_unseen:
            self._told_unseen = True
            self._tell("publish.unchecked", {"topics": ", ".join(names)})

    def _agree(self, conn: Connection, found: Mark | None) -> None:
        """Bring store and ledger to one history, or raise."""
        assert self._prepared is not None
        side, where = batches.store_side(conn, found), self._prepared.destination
        empty = side.has_published or not self._needs_topics(found, side) or self._topics_empty()
        before = batches.destination(conn)
        verdict = judge(found, side, topics_empty=empty, moved=before not in (None, where))
        if found is not None and verdict == "agreed":
            seq, basis = found.seq, found.row_hash
            self._write(lambda writing: batches.note_agreed(writing, found, where))
            self._make_up_for_losses(side, seq)
        elif verdict == "fresh":
            seq, basis = 0, secrets.token_hex(8)
            self._write(lambda writing: batches.note_token(writing, seq, basis, where))
        else:
            seq, basis = found.seq if found else 0, secrets.token_hex(8)
            self._diverged(verdict, seq, basis)
        self._look_for_losses = False
        self._mark = Mark(side.store_id, seq, basis, self._owner)
        self.may_settle = True

    def _make_up_for_losses(self, side: ledger.StoreSide, seq: int) -> None:
        """A topic of incidents that was deleted alone: the ledger does not know, consumers do."""
        assert self._prepared is not None
        if not (self._look_for_losses and side.has_published and self._knowledge):
            return
        gone = {INCIDENTS, INCIDENT_LOG} & set(self._prepared.made)
        if not gone and not self._topics_empty():
            return
        knowledge, now = self._knowledge, dt.datetime.now(dt.UTC)
        self._tell_diverged("emptied", seq)
        sent = self._write(lambda conn: republish(conn, "kafka", now, knowledge))
        self._tell("store.restored", {"resynced": sent["incidents"]})

    def _needs_topics(self, found: Mark | None, side: ledger.StoreSide) -> bool:
        return found is None or (found.seq == 0 and found.store_id != side.store_id)

    def _topics_empty(self) -> bool:
        return self._waiting(
            "look", lambda: restore.is_empty(self._config, self._knowledge, restore.READ_S)
        )

    def _diverged(self, verdict: str, seq: int, token: str) -> None:
        """Say it loudly, then restore the store from the topics; ``token`` will tell it from copies."""
        self.may_settle = False
        self._tell_diverged(verdict, seq)
        assert self._prepared is not None
        knowledge, where = self._knowledge, self._prepared.destination
        if knowledge is None:
            raise PublishError(
                "store_diverged",
                f"store and ledger disagree ({verdict})",
                "The store was lost, restored or replaced; publishing waits for you.",
            )
        published = self._waiting(
            "restore", lambda: restore.read(self._config, knowledge.profile.name)
        )
        now = dt.datetime.now(dt.UTC)

        def take(conn: Connection) -> dict[str, int]:
            counts = rebuild(
                conn, published, seq, now, knowledge, moved=verdict in ("moved", "behind")
            )
            batches.note_token(conn, seq, token, where)
            return counts

        told = self._write(take)
        self._tell("store.restored", told)

    def _tell_diverged(self, reason: str, seq: int) -> None:
        self._tell("store.diverged", {"reason": reason, "ledger_seq": seq})
        if self._metrics is not None:
            self._metrics.diverged.inc()

    def _claim(self, session: ProducerSession) -> None:
        """Write our name into the ledger, so that a second worker can see it."""
        assert self._mark is not None
        session.commit([self._ledger_record(self._mark)])
        self._claimed = True

    def _require_ours(self, found: Mark | None) -> None:
        """Whose mark is the newest? A foreign one after our own: somebody took over. None at all: the
        ledger was deleted.
        """
        if self._claimed and found is not None and found.owner != self._owner:
            raise SecondInstanceError(
                f"another worker publishes as instance {self._config.instance!r} to "
                f"{self._config.topics.prefix}.*: give each worker its own `instance`"
            )

    def _publish_until_told(self, conn: Connection, session: ProducerSession) -> None:
        """Batches, until a stop was asked for and nothing waits."""
        while True:
            self._beat()
            self._wake.clear()
            stopping = self._stopping.is_set()
            rows = self._next(conn)
            if rows:
                self._publish(session, rows)
            elif stopping:
                return
            else:
                self._wake.wait(_IDLE_S)

    def _next(self, conn: Connection) -> list[OutboxRow]:
        """The next batch; while a row is suspected, the settle with it goes alone."""
        limit = 1 if self._suspect is not None else self._config.publish.batch_records
        return batches.next_batch(conn, limit, MAX_BATCH_BYTES)

    def _publish(self, session: ProducerSession, rows: Sequence[OutboxRow]) -> None:
        """One transaction, and the note of it in the store."""
        began = time.monotonic()
        progress = batches.last_progress(rows)
        assert self._mark is not None
        after = self._mark
        if progress is not None:
            after = Mark(after.store_id, progress.seq, progress.row_hash, self._owner)
        try:
            session.commit([*map(self._record, rows), self._ledger_record(after)])
        except RefusedError as refused:
            self._refused([rows[at] for at in refused.positions if at < len(rows)], rows, refused)
        self._mark = after
        seqs = [row.seq for row in rows]
        self._write(lambda conn: batches.note_published(conn, seqs, progress))
        if self._suspect is not None and rows[-1].seq >= self._suspect:
            self._suspect = None
        self._stuck = self._failures = 0
        if self.blocked:
            self._recovered()
        self._tell_committed(len(rows), time.monotonic() - began)

    def _refused(
        self, bad: Sequence[OutboxRow], batch: Sequence[OutboxRow], refused: RefusedError
    ) -> None:
        """Set rows aside, if they may be and were refused alone; the session is over in any case."""
        if bad and len({row.settle_id for row in batch}) > 1:
            self._suspect = bad[0].seq
        elif bad and all(row.topic in _SKIPPABLE for row in bad):
            seqs = [row.seq for row in bad]
            self._write(lambda conn: mark(conn, seqs, SET_ASIDE))
            for row in bad:
                self._tell(
                    "publish.set_aside",
                    {"topic": row.topic, "key": row.key, "detail": str(refused)},
                )
        else:
            self.blocked = True
        raise refused

    def _record(self, row: OutboxRow) -> Outgoing:
        return Outgoing(
            topic=f"{self._config.topics.prefix}.{row.topic}",
            key=row.key.encode(),
            value=row.value,
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

    def _failed(self, error: PublishError) -> None:
        """A session ended in doubt: say so once, wait, and perhaps give up on this process."""
        self._failures += 1
        if isinstance(error, StuckError):
            self._stuck += 1
        if self._metrics is not None:
            self._metrics.transactions.labels("failed").inc()
            self._metrics.rebuilds.labels(error.reason).inc()
        if error.reason in _LOOK_AGAIN:
            self._prepared = None
        if not (isinstance(error, RefusedError) and not self.blocked):
            self._report(error)
        if self._stuck >= _STUCK_LIMIT:
            self._exit_now(EX_SOFTWARE)
        self._pause(0.0 if isinstance(error, RefusedError) and not self.blocked else None)

    def _report(self, error: PublishError) -> None:
        """Say what stops publishing, once for each reason."""
        same = self.problem is not None and self.problem.reason == error.reason
        self.problem = error
        if not same and not self._harmless(error):
            keys = {"reason": error.reason, "detail": str(error), "advice": error.advice}
            self._tell("publish.failed", keys)

    def needs_person(self) -> bool:
        """As any drain, and while a row or a right is in the way."""
        return self.blocked or super().needs_person()

    def _harmless(self, error: PublishError) -> bool:
        """A first fence is often our own: a frozen request of an earlier session of ours."""
        return isinstance(error, FencedError) and self._failures == 1

    def _pause(self, seconds: float | None) -> None:
        """Back off: longer after each failure in a row; a stop ends the wait, new work does not."""
        first, longest = _BACKOFF_S
        wait = min(longest, first * 2 ** min(self._failures, 10)) if seconds is None else seconds
        self._stopping.wait(wait)

    def _recovered(self) -> None:
        """A session stands, or, after a refused row, a batch went through: no problem any more."""
        if self.problem is not None:
            self._tell("publish.rebuilt", {"reason": self.problem.reason})
            self._tell("publish.recovered", {})
        self.problem = None
        self.blocked = False

    def _tell_committed(self, records: int, seconds: float) -> None:
        self._tell("publish.committed", {"records": records, "ms": round(seconds * 1000)})
        if self._metrics is not None:
            self._metrics.transactions.labels("committed").inc()
            self._metrics.transaction_duration.observe(seconds)

    def _waiting(self, name: str, call: Callable[[], T], seconds: float = restore.READ_S) -> T:
        """A call that reads, with its own deadline inside and ours outside."""
        return within(seconds + 30, name, call, self._beat)

    def _beat(self) -> None:
        self.beat = time.monotonic()

    def _die(self, error: BaseException) -> None:
        """What cannot be mended here ends the thread, and the process if it listens."""
        self.problem = PublishError(
            "second_instance" if isinstance(error, SecondInstanceError) else "publisher_failed",
            str(error),
            "Give each worker an `instance` of its own, then start this one again."
            if isinstance(error, SecondInstanceError)
            else "This is a defect; a restart is safe.",
        )
        self.blocked = True
        keys = {"reason": self.problem.reason, "detail": str(error), "advice": self.problem.advice}
        self._tell("publish.failed", keys)
        if self._on_fatal is not None:
            self._on_fatal(error)


__all__ = ["KafkaPublisher", "SecondInstanceError"]
