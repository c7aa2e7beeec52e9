"""Signs of life for those who watch from outside: a record in the topic, a line in the log."""

from __future__ import annotations

from worker import __version__
from worker.core.contract.message import heartbeat_record
from worker.core.contract.records import Heartbeat
from worker.observe import log
from worker.run.clock import Now
from worker.run.parts import Parts
from worker.run.scheduler import Every
from worker.serve.status_rows import store_facts
from worker.store import outbox
from worker.store.times import instant

_ALIVE_S = 600.0


class Heartbeats(Every):
    """Queues the heartbeat record; one that was not published yet is replaced."""

    name = "heartbeats"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.config.publish.heartbeat_s)
        self._parts = parts

    async def work(self, now: Now) -> None:
        """One record."""
        parts, knowledge = self._parts, self._parts.chain.knowledge
        failing = len(parts.health.conditions.failing)
        facts = await parts.health.read(store_facts)
        beat = Heartbeat(
            instance=parts.config.instance,
            profile=knowledge.profile.name,
            as_of=now.wall,
            newest_article=instant(facts["last_article"]) if facts["last_article"] else None,
            feeds_ok=len(parts.feeds) - failing,
            feeds_failing=failing,
            version=__version__,
            knowledge=knowledge.digest,
        )
        message = heartbeat_record(beat, knowledge)
        await parts.chain.write(lambda conn: outbox.replace_heartbeat(conn, message, now.wall))
        parts.publisher.wake()


class AliveLine(Every):
    """Logs every ten minutes what came since the last time, and what waits.

    The first line is of the start: nothing came yet, however much the store holds.
    """

    name = "alive line"

    def __init__(self, parts: Parts) -> None:
        super().__init__(_ALIVE_S)
        self._health = parts.health
        self._held: dict[str, int] = {}

    async def work(self, now: Now) -> None:
        """One line."""
        facts = await self._health.read(store_facts)
        held = {key: int(facts[key]) for key in ("articles", "incidents")}
        came = {key: max(0, count - self._held.get(key, count)) for key, count in held.items()}
        self._held.update(held)
        waits = {key: facts[key] for key in ("inbox", "outbox", "dead_letters")}
        failing = len(self._health.conditions.failing)
        log.get().info("worker.alive", failing=failing, **came, **waits)
