"""The publisher as values and tables, without a broker: every state, every event, every end."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from worker.config.schema import Config, Kafka, Store
from worker.core.contract.message import DEAD_LETTERS, HEARTBEATS, INCIDENTS, REPORTS
from worker.core.domain.errors import PublishError, StateError
from worker.observe.metrics import Metrics
from worker.publish import kafka_publisher, session_steps
from worker.publish.flow import FLOW, FLOW_EVENTS, Flow, FlowEvent, FlowName
from worker.publish.kafka.ledger import Judgement, Mark
from worker.publish.kafka.session import (
    FencedError,
    Limits,
    ProducerSession,
    RefusedError,
    StuckError,
)
from worker.publish.kafka.topics import Prepared as Found
from worker.publish.kafka_publisher import KafkaPublisher
from worker.publish.session_steps import (
    ON_END,
    ON_VERDICT,
    STEPS,
    Agreed,
    Closed,
    End,
    Opened,
    Owned,
    Past,
    Prepared,
    Sending,
    Step,
    StepEvent,
    Topics,
)
from worker.store.outbox import OutboxRow

FLOWS = get_args(FlowName)
STEP_EVENTS = get_args(StepEvent)
MARK = Mark("s1", 7, "h7", "us")
TOPICS = Topics(Found("cluster/kw", (), ()))
SESSION = ProducerSession(Kafka(), "kw.w1", Limits(8))


def row(seq: int, topic: str = INCIDENTS, settle_id: int | None = None) -> OutboxRow:
    number = seq if settle_id is None else settle_id
    return OutboxRow(seq, number, topic, "k", {}, b"x", f"c{seq}", f"h{seq}")


STEP: dict[str, Step] = {
    "Closed": Closed(Past(), TOPICS),
    "Prepared": Prepared(Past(), TOPICS),
    "Opened": Opened(Past(), TOPICS, SESSION, None),
    "Agreed": Agreed(Past(), TOPICS, SESSION, None, MARK),
    "Owned": Owned(Past(), TOPICS, SESSION, MARK),
    "Sending": Sending(Past(), TOPICS, SESSION, MARK, (row(8),)),
}
GIVEN: dict[str, tuple[Any, ...]] = {
    "prepared": (TOPICS,), "opened": (SESSION, None), "agreed": (MARK,), "owned": (),
    "sending": ((row(8),), row(8)), "committed": (),
}  # fmt: skip


@pytest.mark.parametrize(("name", "event"), [*itertools.product(STEP, STEP_EVENTS)])
def test_steps_follow_each_other_as_the_table_says_and_in_no_other_way(
    name: str, event: StepEvent
) -> None:
    """A step has a method for each event that the table knows of it, and for no other."""
    step, after = STEP[name], STEPS[name].get(event)  # type: ignore[call-overload]
    if event == "doubt":
        made: Any = session_steps.closed(step, "other", PublishError("broker_unavailable"))
    elif after is None:
        assert not hasattr(step, event)
        return
    else:
        made = getattr(step, event)(*GIVEN[event])
        assert get_type_hints(getattr(type(step), event), vars(session_steps))["return"] is type(
            made
        )
    assert type(made).__name__ == after


def test_steps_keep_what_was_reached_and_past_counts_from_the_last_batch() -> None:
    """Topics are compared once the two agree, the mark moves with the batch, failures are forgotten
    with it."""
    past = Past(suspect=8, failures=3, stuck=2)
    agreed = Opened(past, TOPICS, SESSION, None).agreed(MARK)
    assert agreed.topics.is_compared
    owned = agreed.owned()
    assert owned.past == Past(has_owned=True, suspect=8, failures=3, stuck=2)
    sending = owned.sending((row(8), row(9, HEARTBEATS)), row(8))
    assert sending.mark == Mark("s1", 8, "h8", "us")
    assert sending.committed() == Owned(
        Past(has_owned=True), TOPICS_COMPARED, SESSION, sending.mark
    )
    assert owned.sending((row(9, HEARTBEATS),), None).mark == MARK


TOPICS_COMPARED = Topics(TOPICS.found, is_compared=True)


def test_agreed_claims_unless_the_newest_mark_is_that_very_one() -> None:
    """Another owner, another place, or no mark at all: it must be written. A claim of ours whose
    answer was lost needs no second one."""
    for found in (None, Mark("s1", 7, "h7", "them"), Mark("s1", 6, "h6", "us")):
        assert Agreed(Past(), TOPICS, SESSION, found, MARK).must_claim
    assert not Agreed(Past(), TOPICS, SESSION, MARK, MARK).must_claim


def test_past_sees_a_second_worker_only_after_a_mark_of_our_own() -> None:
    """Before it, anything may stand in the ledger."""
    theirs = Mark("s1", 7, "h7", "them")
    assert not Past().is_taken_over(theirs, "us")
    assert Past(has_owned=True).is_taken_over(theirs, "us")
    assert not Past(has_owned=True).is_taken_over(MARK, "us")
    assert not Past(has_owned=True).is_taken_over(None, "us")


def test_past_sends_settles_alone_until_the_suspect_is_behind() -> None:
    """A batch that ends before it does not clear it."""
    past = Past(suspect=8)
    assert (Past().batch_limit(50), past.batch_limit(50)) == (50, 1)
    for last, suspect in ((7, 8), (8, None), (9, None)):
        sending = Sending(past, TOPICS, SESSION, MARK, (row(last),))
        assert sending.committed().past.suspect == suspect


@pytest.mark.parametrize("verdict", get_args(Judgement))
@pytest.mark.parametrize("found", [None, MARK, Mark("s2", 0, "t", "them")])
def test_mark_after_rests_on_a_row_only_when_the_two_agree(
    verdict: Judgement, found: Mark | None
) -> None:
    """Every verdict has its answer. Else the ledger rests on a token, not below what was found."""
    answer = ON_VERDICT[verdict]
    mark = session_steps.mark_after(answer, found, "s1", "us", "token")
    assert mark.owner == "us"
    assert mark.seq == (found.seq if found else 0)
    if verdict == "agreed" and found is not None:
        assert mark.row_hash == found.row_hash
    else:
        assert (mark.store_id, mark.row_hash) == ("s1", "token")


ERRORS: dict[str, PublishError] = {
    "refused": RefusedError((0,), ValueError("no")),
    "mark_refused": RefusedError((9,), ValueError("no")),
    "fenced": FencedError("fenced"),
    "stuck": StuckError("client_stuck"),
    "not_authorized": PublishError("not_authorized"),
    "topic_missing": PublishError("topic_missing"),
    "topic_unreadable": PublishError("topic_unreadable"),
    "ledger_partitions": PublishError("ledger_partitions"),
    "broker_unavailable": PublishError("broker_unavailable"),
    "store_full": PublishError("store_full"),
    "store_diverged": PublishError("store_diverged"),
}
ENDS: dict[str, End] = {
    "refused": "topics", "mark_refused": "topics", "fenced": "fenced", "stuck": "stuck",
    "not_authorized": "topics", "topic_missing": "topics", "topic_unreadable": "topics",
    "ledger_partitions": "topics", "broker_unavailable": "other", "store_full": "other",
    "store_diverged": "other",
}  # fmt: skip
STANDING: dict[tuple[str, str], End] = {
    ("Owned", "not_authorized"): "not_allowed",
    ("Sending", "not_authorized"): "not_allowed",
    ("Sending", "refused"): "never_skipped",
    ("Sending", "mark_refused"): "never_skipped",
}


@pytest.mark.parametrize(("name", "what"), [*itertools.product(STEP, ERRORS)])
def test_end_of_knows_every_step_with_every_error(name: str, what: str) -> None:
    """Where it ended matters for a missing right and for a refusal; else the error alone."""
    expected = STANDING.get((name, what), ENDS[what])
    assert session_steps.end_of(STEP[name], ERRORS[what]) == expected


@pytest.mark.parametrize(
    ("rows", "bad", "end"),
    [
        ((row(1, REPORTS), row(2)), 0, "in_company"),
        ((row(1, REPORTS),), 0, "set_aside"),
        ((row(1, DEAD_LETTERS),), 0, "set_aside"),
        ((row(1, INCIDENTS),), 0, "never_skipped"),
        ((row(1, REPORTS, 5), row(2, INCIDENTS, 5)), 0, "set_aside"),
        ((row(1, REPORTS, 5), row(2, INCIDENTS, 5)), 1, "never_skipped"),
        ((row(1, REPORTS), row(2)), 2, "never_skipped"),
    ],
)
def test_end_of_a_refusal_depends_on_the_row_and_its_company(
    rows: tuple[OutboxRow, ...], bad: int, end: End
) -> None:
    """Of several settles it is tried alone; alone, reports and dead letters may be set aside; the
    mark, whose position is behind the rows, never."""
    step = Sending(Past(), TOPICS, SESSION, MARK, rows)
    assert session_steps.end_of(step, RefusedError((bad,), ValueError("no"))) == end


@pytest.mark.parametrize(("name", "end"), [*itertools.product(STEP, ON_END)])
def test_closed_keeps_what_the_table_says(name: str, end: End) -> None:
    """From every step with every end: one failure more, topics kept or not, nothing of the session."""
    error = ERRORS["refused"] if end in ("in_company", "set_aside") else ERRORS["stuck"]
    after = session_steps.closed(STEP[name], end, error)
    assert after.topics == (TOPICS if ON_END[end].keeps_topics else None)
    assert (after.past.failures, after.past.stuck) == (1, int(end == "stuck"))
    suspects = end == "in_company" and name == "Sending"
    assert after.past.suspect == (8 if suspects else None)


def test_past_is_hopeless_after_four_stuck_calls() -> None:
    """Without a batch between them."""
    step: Step = Closed()
    for expected in (False, False, False, True):
        step = session_steps.closed(step, "stuck", ERRORS["stuck"])
        assert step.past.is_hopeless == expected


@pytest.mark.parametrize(("name", "event"), [*itertools.product(FLOWS, FLOW_EVENTS)])
def test_flow_goes_through_the_table_and_refuses_every_other_pair(
    name: FlowName, event: FlowEvent
) -> None:
    """A pair is in the table or a defect; there is a problem exactly while it does not flow."""
    problem = None if name == "flowing" else PublishError("old")
    flow = Flow(name, problem)
    if event not in FLOW[name]:
        with pytest.raises(StateError, match=f"{event} cannot happen"):
            flow.after(event)
        return
    error = PublishError("new") if event not in ("stands", "committed") else None
    after = flow.after(event, error)
    assert after.name == FLOW[name][event]
    assert after.problem is (None if after.name == "flowing" else error or problem)


def test_flow_leaves_blocked_only_with_a_batch() -> None:
    """Neither a session that stands nor another problem opens the way."""
    out = {event for event, after in FLOW["blocked"].items() if after == "flowing"}
    assert out == {"committed"}
    assert {after for event, after in FLOW["blocked"].items() if event not in out} == {
        "blocked", "ended"}  # fmt: skip


class Bench:
    """A publisher that is not running, with what it tells and does."""

    def __init__(self, tmp_path: Path) -> None:
        self.told: list[tuple[str, Any]] = []
        self.exits: list[int] = []
        self.metrics = Metrics()
        self.publisher = KafkaPublisher(
            Config(profile="anywhere", store=Store(path=tmp_path / "none.db")),
            None,  # type: ignore[arg-type]
            lambda event, keys: self.told.append((event, keys.get("reason"))),
            metrics=self.metrics,
            exit_now=self.exits.append,
        )

    def fail(self, name: str, error: PublishError) -> Flow:
        self.publisher.step = STEP[name]
        self.publisher._failed(error)
        return self.publisher.flow


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(kafka_publisher, "_BACKOFF_S", (0.0, 0.0))
    return Bench(tmp_path)


def test_a_missing_right_blocks_only_a_session_that_stood(bench: Bench) -> None:
    """Before it stood, standing is the proof that the right is there; after, only a batch is."""
    assert bench.fail("Opened", ERRORS["not_authorized"]).name == "waiting"
    bench.publisher._goes_on("stands")
    assert bench.publisher.flow == Flow()
    assert bench.fail("Sending", ERRORS["not_authorized"]).name == "blocked"
    bench.publisher._goes_on("stands")
    assert bench.publisher.needs_person()
    bench.publisher._goes_on("committed")
    assert not bench.publisher.needs_person()
    once = [("publish.failed", "not_authorized"), ("publish.rebuilt", "not_authorized"),
            ("publish.recovered", None)]  # fmt: skip
    assert bench.told == once * 2


def test_a_refusal_that_is_answered_tells_nothing_unless_publishing_is_blocked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is tried again at once, not after a pause."""
    waits: list[int] = []
    monkeypatch.setattr(bench.publisher, "_back_off", waits.append)
    STEP["Company"] = Sending(Past(), TOPICS, SESSION, MARK, (row(1, REPORTS), row(2)))
    assert bench.fail("Company", ERRORS["refused"]) == Flow()
    assert (bench.told, waits) == ([], [])
    bench.fail("Sending", ERRORS["not_authorized"])
    assert bench.fail("Company", ERRORS["refused"]).name == "blocked"
    assert [reason for _, reason in bench.told] == ["not_authorized", "record_refused"]
    assert len(waits) == 2
    del STEP["Company"]


def test_a_reason_is_told_once_in_a_row_and_a_first_fence_is_quiet(bench: Bench) -> None:
    """A first fence is often our own: a frozen request of an earlier session."""
    for error in ("broker_unavailable", "broker_unavailable", "store_full", "broker_unavailable"):
        bench.fail("Closed", ERRORS[error])
    assert [reason for _, reason in bench.told] == [
        "broker_unavailable", "store_full", "broker_unavailable"]  # fmt: skip
    bench.told.clear()
    bench.fail("Sending", ERRORS["fenced"])
    assert bench.told == []
    bench.publisher._goes_on("stands")
    bench.publisher.step = Sending(Past(failures=1), TOPICS, SESSION, MARK, (row(8),))
    bench.publisher._failed(ERRORS["fenced"])
    assert bench.told[-1] == ("publish.failed", "fenced")


def test_the_fourth_stuck_call_in_a_row_ends_the_process(bench: Bench) -> None:
    """Exit 70; the metrics count each session that failed, by its reason."""
    for _ in range(4):
        bench.publisher._failed(ERRORS["stuck"])
    assert bench.exits == [kafka_publisher.EX_SOFTWARE]
    counted = bench.metrics.rebuilds.labels("client_stuck")._value.get()
    assert (counted, bench.metrics.transactions.labels("failed")._value.get()) == (4, 4)


def test_a_defect_ends_it_whatever_it_was_doing(bench: Bench) -> None:
    """A person is needed, and the reason is told over any other."""
    bench.fail("Sending", ERRORS["not_authorized"])
    bench.publisher._die(ValueError("odd"))
    assert bench.publisher.flow.name == "ended"
    assert bench.publisher.needs_person()
    assert bench.told[-1] == ("publish.failed", "publisher_failed")
