"""Gauges, high-water marks and readiness. They only read, so a full disk does not stop them."""

from __future__ import annotations

from worker.observe import log
from worker.run.clock import Now
from worker.run.health import Waiting
from worker.run.parts import Parts
from worker.run.scheduler import Due, Every, Source

_LOOP_S = 1.0


class LoopLag(Source):
    """Notices how late the loop serves what is due; while it is served, the process is alive."""

    name = "loop lag"

    def __init__(self, parts: Parts) -> None:
        self._conditions = parts.health.conditions
        self._metrics = parts.chain.metrics
        self._due = Due(parts.clock.now().steady_s + _LOOP_S)

    def next_due(self, now: Now) -> float | None:
        """One second after the last time."""
        return self._due.at_s

    async def serve(self, now: Now) -> None:
        """How late was it?"""
        self._metrics.loop_lag.set(now.steady_s - self._due.at_s)
        self._conditions.loop_s = now.steady_s
        self._due.at_s = now.steady_s + _LOOP_S


class Gauges(Every):
    """Counts what waits, pauses polling above the marks, and says what publishing waits for."""

    name = "gauges"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.config.ingest.tick_s)
        self._parts = parts
        self._paused_by: set[str] = set()

    async def work(self, now: Now) -> None:
        """One look at everything."""
        waiting = await self._parts.health.measure(now.wall)
        self._judge_sink()
        later = self._parts.publisher.settles_later if waiting.inbox_due else ""
        self._parts.health.conditions.set_note("settles_later", later)
        self._tell(waiting)

    def _tell(self, waiting: Waiting) -> None:
        """One line for each reason to pause that is new, and one when none is left."""
        told = log.get().bind(
            inbox=waiting.inbox, outbox=waiting.outbox, free_mb=waiting.free_bytes // 1_000_000
        )
        for pause in waiting.pauses:
            if pause.reason not in self._paused_by:
                told.warning(
                    "feed.paused", reason=pause.reason, setting=pause.setting, limit=pause.limit,
                    **({"folder": pause.place} if pause.place else {}), advice=pause.advice,
                )  # fmt: skip
        if self._paused_by and not waiting.pauses:
            told.info("feed.resumed")
        self._paused_by.clear()
        self._paused_by.update(pause.reason for pause in waiting.pauses)

    def _judge_sink(self) -> None:
        conditions, publisher = self._parts.health.conditions, self._parts.publisher
        trouble = publisher.problem
        self._parts.chain.metrics.sink_up.set(trouble is None)
        needs_person = trouble is not None and publisher.needs_person()
        told = f"{trouble}. {trouble.advice}".strip() if trouble else ""
        note, problem = f"publishing has stopped: {told}", f"publishing waits for a person: {told}"
        conditions.set_note("sink", note if trouble and not needs_person else "")
        conditions.set_problem("sink", problem if needs_person else "")
