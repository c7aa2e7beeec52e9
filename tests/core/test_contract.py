"""The contract: what is published, byte by byte, and within which limits."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from tests.core.published import one_of_each
from tests.profiles.cities import PORTSMERE
from tests.stories.tell import article_of, report_of
from tests.stories.world import World
from worker.config.knowledge import load_knowledge
from worker.core.contract.message import (
    EXTENSIONS,
    dead_letter_record,
    heartbeat_record,
    is_sampled,
    messages,
    report_record,
)
from worker.core.contract.records import DeadLetter, Heartbeat
from worker.core.domain import caps
from worker.core.domain.canonical import encode, plain
from worker.core.domain.incident import Change, Incident, from_json, to_json
from worker.core.domain.report import Analysis, Figure, Perpetrator, Verdict, Weapon
from worker.core.domain.snapshot import SNAPSHOT, Casualties, Member, Snapshot, Support
from worker.core.merge.state.codes import code

KNOWLEDGE = load_knowledge(PORTSMERE)
NOW = dt.datetime(2031, 3, 4, 5, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
STEP = {"at": NOW, "outlet": "gulf", "title": "Blast at checkpoint — پل"}
SLOTS = {
    "date": dt.date(2031, 3, 4),
    "place": "ward-4",
    "target": ["police/police_checkpoint: Stone Bridge checkpoint"],
    "killed": 6,
}


def _world(*articles: str) -> World:
    world = World(KNOWLEDGE)
    for k, name in enumerate(articles):
        article = article_of(name, {**STEP, "outlet": name}, KNOWLEDGE)
        report = report_of(article, 1, SLOTS, KNOWLEDGE)
        world.arrive(article, (report,), NOW + dt.timedelta(minutes=k))
    return world


def _change(*articles: str) -> Change:
    return _world(*articles).log[-1]


def _snapshot() -> Snapshot:
    return _change("gulf-1").incident.snapshot


def test_messages_of_a_revision_go_to_both_topics_with_the_same_bytes() -> None:
    """The log and the compacted topic carry one event: same key, value and id."""
    log, latest = messages(_change("gulf-1"), NOW, KNOWLEDGE)
    assert (log.topic, latest.topic) == ("incident-log.v1", "incidents.v1")
    assert (log.key, log.value, log.ce_id) == (latest.key, latest.value, latest.ce_id)
    body = json.loads(log.value)
    assert body["incident_id"] == log.key
    assert body["casualties"]["killed"]["best"] == 6
    assert body["change"]["kind"] == "created"


def test_messages_have_cloudevents_headers_in_binary_mode() -> None:
    """Every required CloudEvents attribute is a header; so are state, change and revision."""
    headers = messages(_change("gulf-1", "hill-1"), NOW, KNOWLEDGE)[0].headers
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "kabulwire.incident.updated.v1"
    assert headers["ce_time"] == "2031-03-04T05:00:00Z"
    assert headers["content-type"] == "application/json"
    assert headers["kw_state"] == "active"
    assert headers["kw_revision"] == "2"
    assert headers["kw_material"] == "true"
    assert all(isinstance(value, str) and value for value in headers.values())


def test_messages_repeat_their_own_headers_as_extension_attributes() -> None:
    """Every ``kw_`` header of every topic stands a second time as CloudEvents allows: ``ce_kwstate``."""
    for made in one_of_each().values():
        own = {name: value for name, value in made.headers.items() if name.startswith("kw_")}
        extensions = {name: v for name, v in made.headers.items() if name.startswith("ce_kw")}
        assert extensions == {f"ce_{name.replace('_', '')}": value for name, value in own.items()}
        assert tuple(own) == EXTENSIONS.get(made.topic, ())


def test_messages_number_statements_once_in_an_incident() -> None:
    """Two reports of one incident each have a first statement; their ids differ, here and there."""
    made = one_of_each()
    statements = json.loads(made["incidents.v1"].value)["casualties"]["statements"]
    ids = [statement["id"] for statement in statements]
    assert len(ids) == len(set(ids)) == 2
    assert all(s["id"].startswith(f"{s['report_id']}/") for s in statements)
    told = json.loads(made["reports.v1"].value)["reports"][0]["statements"]
    assert {s["id"] for s in told} < set(ids)


def test_of_report_leads_parts_to_their_whole_and_names_nothing_twice() -> None:
    """A part still names its whole; what is named already keeps its name."""
    report = report_of(article_of("gulf-1", STEP, KNOWLEDGE), 1, SLOTS, KNOWLEDGE)
    part = replace(report.statements[0], id="k2", subset_of="k1").of_report("a#1")
    assert (part.id, part.subset_of, part.report_id) == ("a#1/k2", "a#1/k1", "a#1")
    assert part.of_report("b#1") == part


def test_messages_make_the_ce_id_of_what_is_said_not_of_when() -> None:
    """The same revision repeated later has the same id; another revision has another."""
    first = messages(_change("gulf-1"), NOW, KNOWLEDGE)[0]
    again = messages(_change("gulf-1"), LATER, KNOWLEDGE)[0]
    other = messages(_change("gulf-1", "hill-1"), NOW, KNOWLEDGE)[0]
    assert first.ce_id == again.ce_id
    assert first.value != again.value
    assert first.ce_id != other.ce_id


def test_messages_are_the_same_bytes_every_time_and_not_escaped() -> None:
    """Two runs give the same bytes, and non-Latin text stays readable."""
    one, two = (messages(_change("gulf-1"), NOW, KNOWLEDGE)[0].value for _ in range(2))
    assert one == two
    assert "پل".encode() in one


def test_report_record_gives_floats_four_places() -> None:
    """A probability with noise in the last digits is one value."""
    incident = _change("gulf-1").incident
    report = report_of(article_of("a", STEP, KNOWLEDGE), 1, SLOTS, KNOWLEDGE)
    article = article_of("a", STEP, KNOWLEDGE)
    verdict = Verdict("attack_report", 0.123456789, "report")
    record = report_record(Analysis(article, verdict, (report,)), (), NOW, KNOWLEDGE)
    assert record is not None
    assert json.loads(record.value)["verdict"]["probability"] == 0.1235
    assert incident.revision == 1


def test_from_json_gives_an_incident_back() -> None:
    """The store keeps incidents as JSON: what comes back equals what went in."""
    incident = _change("gulf-1", "hill-1").incident
    assert from_json(Incident, to_json(incident)) == incident


def test_fit_keeps_a_snapshot_within_its_size_whatever_is_in_it() -> None:
    """A thousand reports with long quotes still fit in 256 KiB, and the totals stay."""
    snapshot = _snapshot()
    statement = snapshot.casualties.statements[0]
    many = tuple(
        replace(
            statement,
            id=f"k{k}",
            speaker_id=f"speaker {k}",
            quote="ق" * 2000,
            end=2000,
            status="used" if k == 1 else "superseded",
            report_id=f"r{k}#1",
        )
        for k in range(1500)
    )
    member = replace(snapshot.reports[0], url="https://x.example/" + "u" * 900)
    big = replace(
        snapshot,
        casualties=replace(snapshot.casualties, statements=many),
        reports=tuple(replace(member, report_id=f"r{k}#1") for k in range(1500)),
        reports_total=1500,
        support={"date": tuple(Support(f"r{k}#1", 0, 900, "q" * 900) for k in range(1500))},
    )
    small = caps.cap_snapshot(big)
    assert caps.size(small) <= caps.MAX_BYTES
    assert small.reports_total == 1500
    assert len(small.reports) <= caps.MAX_REPORTS
    assert len(small.support["date"]) == caps.MAX_SUPPORTS
    assert {"statements", "reports"} <= set(small.truncated)
    assert any(s.status == "used" for s in small.casualties.statements)
    assert all(len(s.quote) == s.end - s.start <= 300 for s in small.casualties.statements)
    assert all(len(m.url or "") <= caps.MAX_URL for m in small.reports)


def test_fit_keeps_the_newest_statement_of_each_speaker() -> None:
    """Of one speaker's figures the snapshot shows the newest, and those that carry a bound."""
    snapshot = _snapshot()
    base = snapshot.casualties.statements[0]
    old = replace(base, id="k1", value=3, low=3, high=3, status="superseded", said_at=NOW)
    new = replace(base, id="k2", value=6, low=6, high=6, status="used", said_at=LATER)
    low = replace(base, id="k3", speaker_id="police", value=2, low=2, high=2, said_at=NOW)
    casualties = replace(snapshot.casualties, killed=Figure(2, 6, 6), statements=(old, new, low))
    kept = caps.cap_snapshot(replace(snapshot, casualties=casualties)).casualties.statements
    assert {s.id for s in kept} == {"k2", "k3"}


def test_fit_does_not_touch_a_small_snapshot() -> None:
    """The caps change nothing that fits."""
    snapshot = _snapshot()
    assert caps.cap_snapshot(snapshot) == snapshot


@pytest.mark.parametrize(
    ("band", "reports", "before", "written"),
    [
        ("report", True, False, True),
        ("review", False, False, True),
        ("drop", True, False, True),
        ("drop", False, True, True),
        ("drop", False, False, False),
    ],
)
def test_report_record_is_written_of_reports_reviews_and_later_versions(
    band: str, reports: bool, before: bool, written: bool
) -> None:
    """Reports, reviews and later versions are written; of bare drops one in a hundred is."""
    name = next(f"gulf-{k}" for k in range(999) if not is_sampled(f"gulf-{k}"))
    article = article_of(name, STEP, KNOWLEDGE)
    made = (report_of(article, 1, SLOTS, KNOWLEDGE),) if reports else ()
    analysis = Analysis(article, Verdict("other", 0.1, band), made)  # type: ignore[arg-type]
    record = report_record(analysis, (), NOW, KNOWLEDGE, written_before=before)
    assert (record is not None) == written


def test_is_sampled_takes_about_one_drop_in_a_hundred() -> None:
    """The sample is a hash of the id: stable, and of the right size."""
    share = sum(is_sampled(f"article {k}") for k in range(20_000)) / 20_000
    assert 0.006 < share < 0.014


def test_report_record_names_the_incident() -> None:
    """Each report says which incident it was part of when it was settled."""
    world = World(KNOWLEDGE)
    article = article_of("gulf-1", STEP, KNOWLEDGE)
    report = report_of(article, 1, SLOTS, KNOWLEDGE)
    changes = world.arrive(article, (report,), NOW)
    analysis = Analysis(article, Verdict("attack_report", 0.9, "report"), (report,))
    record = report_record(analysis, changes.links, NOW, KNOWLEDGE)
    assert record is not None
    body = json.loads(record.value)
    assert record.key == "gulf-1"
    assert body["reports"][0]["incident_id"] == world.log[0].incident.incident_id
    assert body["reports"][0]["link"] == "certain"
    assert "body" not in body


def test_report_record_of_many_statements_is_cut_and_says_so() -> None:
    """An article with thousands of statements stays within 512 KiB."""
    article = article_of("gulf-1", STEP, KNOWLEDGE)
    report = report_of(article, 1, SLOTS, KNOWLEDGE)
    many = tuple(replace(report.statements[0], id=f"k{k}", quote="x" * 400) for k in range(3000))
    analysis = Analysis(
        article, Verdict("attack_report", 0.9, "report"), (replace(report, statements=many),)
    )
    record = report_record(analysis, (), NOW, KNOWLEDGE)
    assert record is not None
    assert len(record.value) <= 512 * 1024
    assert json.loads(record.value)["truncated"] is True


@pytest.mark.parametrize(("reports", "title", "kept"), [(3000, 60, 1), (1, 600_000, 1)])
def test_report_record_of_many_reports_or_a_long_title_is_cut(
    reports: int, title: int, kept: int
) -> None:
    """Nothing a stranger writes can make a record larger; a long title costs no report."""
    article = replace(article_of("gulf-1", STEP, KNOWLEDGE), title="x" * title)
    told = tuple(
        replace(report_of(article, 1, SLOTS, KNOWLEDGE), report_id=f"a-gulf#{n}")
        for n in range(reports)
    )
    record = report_record(
        Analysis(article, Verdict("attack_report", 0.9, "report"), told), (), NOW, KNOWLEDGE
    )
    assert record is not None
    assert len(record.value) <= 512 * 1024
    value = json.loads(record.value)
    assert value["truncated"] is True
    assert len(value["reports"]) >= kept


def test_dead_letter_and_heartbeat_records_have_their_key_and_id() -> None:
    """Both are plain JSON under their key, with the id of what they say."""
    letter = DeadLetter("guid-1", "entry", "too_deep", "x", 2, NOW)
    beat = Heartbeat("a", "portsmere", NOW, NOW, 3, 1, "0.1", "abc")
    dead, alive = dead_letter_record(letter, KNOWLEDGE), heartbeat_record(beat, KNOWLEDGE)
    assert (dead.topic, dead.key) == ("dead-letters.v1", "guid-1")
    assert (alive.topic, alive.key) == ("heartbeat.v1", "a")
    assert json.loads(dead.value)["reason"] == "too_deep"
    later = heartbeat_record(replace(beat, as_of=LATER), KNOWLEDGE)
    assert later.ce_id != alive.ce_id


def test_code_counts_attackers_in_for_gtd_only() -> None:
    """GTD's nkill includes attackers; the slots that it is made from stay apart."""
    snapshot = replace(
        _snapshot(),
        suicide="yes",
        weapons=(Weapon("explosives", "vehicle"),),
        perpetrators=(Perpetrator("Red Front", "non_state_armed_group", "claimed_or_admitted"),),
    )
    casualties = Casualties(killed=Figure(12, 12, 12), attackers_killed=Figure(1, 1, 1))
    codes = code(snapshot, casualties, KNOWLEDGE.codes)
    assert codes.gtd["nkill"] == "13"
    assert codes.gtd["nkillter"] == "1"
    assert codes.gtd["attacktype1"] == "3"
    assert codes.gtd["weapsubtype1"] == "15"
    assert codes.gtd["guncertain1"] == "0"
    assert codes.acled["sub_event_type"] == "Suicide bomb"


def test_code_of_acled_ranks_a_clash_above_the_explosion_inside_it() -> None:
    """ACLED: a bomb followed by gunmen is a clash, suicide or not."""
    both = replace(_snapshot(), attack_types=("bombing_explosion", "armed_assault"), suicide="yes")
    assert code(both, Casualties(), KNOWLEDGE.codes).acled["sub_event_type"] == "Armed clash"


def test_codes_of_gtd_are_numbers_of_their_own() -> None:
    """Two names never share a code within one column."""
    for column in ("attack_type", "weapon_type", "target_type", "target_subtype"):
        values = list(KNOWLEDGE.codes[column].values())
        assert len(set(values)) == len(values), column
        assert all(value.isdigit() for value in values)


def test_encode_of_a_snapshot_reads_back_as_itself() -> None:
    """A consumer in Python can read the value into the same dataclass."""
    snapshot = _snapshot()
    value = encode(plain(snapshot, SNAPSHOT))
    assert SNAPSHOT.validate_json(value) == snapshot
    assert isinstance(SNAPSHOT.validate_json(value).reports[0], Member)
