"""What a worker does when it is told to stop, and told again."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from worker.run import signals
from worker.run.signals import EX_TEMPFAIL, Stop


class Left(Exception):
    """The process would have ended."""


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the steady clock; a process that leaves raises."""

    def leave(code: int) -> None:
        assert code == EX_TEMPFAIL
        raise Left

    monkeypatch.setattr(signals, "os", SimpleNamespace(_exit=leave))

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(signals, "time", SimpleNamespace(monotonic=lambda: seconds))

    return set_to


@pytest.mark.parametrize("began", [False, True])
def test_heard_drains_first_and_leaves_at_the_second(
    at: Callable[[float], None], *, began: bool
) -> None:
    """One that comes at once is the same, sent twice. A drain that began by itself (`once`) was no
    signal: the first one after it does not end the process."""
    stop = Stop()
    if began:
        stop.ask()
    for seconds in (100.0, 100.0, 100.4):
        at(seconds)
        stop._heard()
    assert stop.asked.is_set()
    at(100.6)
    with pytest.raises(Left):
        stop._heard()
