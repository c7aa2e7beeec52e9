"""The table of what a worker does by itself: one line for each source of due work.

``work`` brings articles or works on them and is left alone once a stop was asked for; ``upkeep`` goes
on until the last piece of work has ended.
"""

from __future__ import annotations

from worker.run.due_work.gauges import Gauges, LoopLag
from worker.run.due_work.heartbeats import AliveLine, Heartbeats
from worker.run.due_work.inbox import Inbox
from worker.run.due_work.maintenance import Maintenance
from worker.run.due_work.requests import Requests
from worker.run.due_work.subscriber import Subscriber
from worker.run.due_work.timers import Timers
from worker.run.parts import Parts
from worker.run.poller import Poller
from worker.run.scheduler import Source


def work(parts: Parts) -> list[Source]:
    """What is served until a stop is asked for."""
    return [
        *(Poller(feed, parts) for feed in parts.pulled),
        *(Subscriber(feed, feed.websub, parts) for feed in parts.feeds if feed.websub),
        Inbox(parts),
    ]


def upkeep(parts: Parts) -> list[Source]:
    """What is served until the end."""
    return [
        LoopLag(parts),
        Timers(parts),
        Heartbeats(parts),
        AliveLine(parts),
        Requests(parts),
        Gauges(parts),
        Maintenance(parts),
    ]
