"""Gauges, high-water marks and readiness. They only read, so a full disk does not stop them."""

from __future__ import annotations

from worker.observe import log
from worker.run.clock import Now
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

    async def work(self, now: Now) -> None:
        """One look at everything."""
        conditions = self._parts.health.conditions
        was_paused = conditions.paused
        waiting = await self._parts.health.measure(now.wall)
        self._judge_sink()
        if conditions.paused != was_paused:
            event = "feed.resumed" if was_paused else "feed.paused"
            free_mb = waiting.free_bytes // 1_000_000
            log.get().warning(event, inbox=waiting.inbox, outbox=waiting.outbox, free_mb=free_mb)

    def _judge_sink(self) -> None:
        conditions, publisher = self._parts.health.conditions, self._parts.publisher
        trouble = publisher.problem
        self._parts.chain.metrics.sink_up.set(trouble is None)
        needs_person = trouble is not None and publisher.needs_person()
        told = f"{trouble}. {trouble.advice}".strip() if trouble else ""
        note, problem = f"publishing has stopped: {told}", f"publishing waits for a person: {told}"
        conditions.set_note("sink", note if trouble and not needs_person else "")
        conditions.set_problem("sink", problem if needs_person else "")
