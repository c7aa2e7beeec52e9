"""How publishing goes, as everybody outside sees it: the log, readiness, those who stop a worker.

Example: the broker goes away, then comes back: ``flowing`` –(waits)→ ``waiting`` –(stands)→
``flowing``. A revision that no broker takes: ``flowing`` –(blocks)→ ``blocked``, and there it stays
through every session that stands, until a batch is committed.

Rules
-----
1. Whatever changes the flow stands in ``FLOW``. A pair that is not there is a defect of ours:
   ``StateError``.
2. There is a problem exactly while it does not flow. The newest one is told; each reason once in a
   row.
3. ``waiting`` passes by itself, like an absent broker, or (``drain.NEEDS_A_PERSON``) when a person
   has mended what it names; then the next session stands. ``blocked`` is not over when a session
   stands, because it could stand all the while: only a batch proves that the way is free.
4. ``remedied`` is a refusal that was answered at once, by sending less or by setting a row aside. It
   changes nothing that is seen from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from worker.core.domain.errors import PublishError, StateError

FlowName = Literal["flowing", "waiting", "blocked", "ended"]
FlowEvent = Literal["stands", "committed", "remedied", "waits", "blocks", "ends"]

FLOW_EVENTS: Mapping[FlowEvent, str] = {
    "stands": "a session stands: the newest mark in the ledger is ours",
    "committed": "a batch was committed",
    "remedied": "a session ended in a refusal that was answered at once",
    "waits": "a session ended in what can pass by itself, or by what its reason names",
    "blocks": "a session ended in what only a batch can show to be over",
    "ends": "a second worker, or a defect: the thread ends, and the process with it",
}
FLOW: Mapping[FlowName, Mapping[FlowEvent, FlowName]] = {
    "flowing": {
        "stands": "flowing",
        "committed": "flowing",
        "remedied": "flowing",
        "waits": "waiting",
        "blocks": "blocked",
        "ends": "ended",
    },
    "waiting": {
        "stands": "flowing",
        "waits": "waiting",
        "blocks": "blocked",
        "ends": "ended",
    },
    "blocked": {
        "stands": "blocked",
        "committed": "flowing",
        "remedied": "blocked",
        "waits": "blocked",
        "blocks": "blocked",
        "ends": "ended",
    },
    "ended": {},
}
"""State and event → state. Waiting, nothing is sent: only a session that stands leads out of it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A state, and why nothing is published in it (None: it flows)."""

    name: FlowName = "flowing"
    problem: PublishError | None = None

    @property
    def is_blocked(self) -> bool:
        """Waiting for a person, whatever the reason of the newest problem."""
        return self.name in ("blocked", "ended")

    def after(self, event: FlowEvent, problem: PublishError | None = None) -> Flow:
        """What an event makes of it. ``problem``: what a session ended in.

        Raises ``StateError`` when the table does not know the pair.
        """
        name = FLOW[self.name].get(event)
        if name is None:
            raise StateError(f"{event} cannot happen while publishing is {self.name}")
        return Flow(name, None if name == "flowing" else problem or self.problem)

    def tells_anew(self, problem: PublishError) -> bool:
        """Whether this reason is another one than that which is told already."""
        return self.problem is None or self.problem.reason != problem.reason
