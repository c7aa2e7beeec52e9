"""Pages, public cases, shootings, MUC-4, verdicts and the corpus, each on a tiny set of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.score import corpus, muc4, public, shootings, verdict
from tests.score.answers import answer, figure, report
from tests.score.marks import Item, Mark
from tests.score.pages import f1, grams, same_time


def _sums(marks: Any) -> dict[str, tuple[float, float, float]]:
    return {m.field: (m.right, m.missed, m.invented) for m in marks}


def test_f1_of_four_grams() -> None:
    """Two 4-grams of five words, one of them kept beside one foreign: 2·1 / (2 + 2)."""
    assert f1(grams("one two three four five"), grams("one two three four six")) == 0.5
    assert f1(grams("a b c d a b c d"), grams("a b c d")) == 2 * 1 / (5 + 1)
    assert f1(grams(""), grams("")) == 1
    assert f1(grams("short one"), grams("short")) == 0


@pytest.mark.parametrize(
    ("gold", "found", "right"),
    [
        ("2031-03-04 10:00:00+02:00", "2031-03-04T08:00:30+00:00", True),
        ("2031-03-04 10:00:00+02:00", "2031-03-04T10:00:00+00:00", False),
        ("2031-03-04 00:00:00", "2031-03-04T10:00:00+00:00", True),
        ("2031-03-04 00:00:00", "2031-03-05T10:00:00+00:00", False),
        ("2031-03-04 00:00:00", None, False),
    ],
)
def test_same_time_is_the_same_minute(gold: str, found: str | None, right: bool) -> None:
    """Zones are respected; a gold without a clock asks for the day."""
    assert same_time(gold, found) is right


def test_public_counts_what_its_runner_says(tmp_path: Path) -> None:
    """Held, by class and all together; the case that does not hold is named."""
    outcomes = [
        {"id": "a", "class": "01", "ok": True, "wrong": []},
        {"id": "b", "class": "01", "ok": False, "wrong": ["no date"]},
        {"id": "c", "class": "E1", "ok": True, "wrong": []},
    ]
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "run.py").write_text(
        "import sys\n"
        "file = sys.argv[sys.argv.index('--json') + 1]\n"
        f"open(file, 'w').write({json.dumps(outcomes)!r})\n"
        "sys.exit(1)\n"
    )
    marks = list(public.examine(public.load(tmp_path)[0]))
    held = [m for m in marks if m.field == "held"]
    assert [m.right for m in held] == [1, 0, 1]
    assert [m.right for m in marks if m.field == "class 01"] == [1, 0]
    assert "b: no date" in [m.note for m in held]


def test_public_says_when_its_runner_breaks(tmp_path: Path) -> None:
    """No outcomes is no score of 0, it is an error."""
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "run.py").write_text("raise SystemExit('no cases')")
    with pytest.raises(RuntimeError, match="no cases"):
        list(public.examine(public.load(tmp_path)[0]))


def _found(monkeypatch: pytest.MonkeyPatch, module: Any, found: Any) -> None:
    monkeypatch.setattr(module, "analyzed", lambda *_: found)


def test_shootings_take_no_figure_for_none_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry has no "not reported"; a wrong city is missed and invented."""
    gold = {"killed": 0, "injured": 4, "date": "2031-03-04", "city": "Heron Bay"}
    date = {"start": "2031-03-04", "end": "2031-03-04"}
    _found(
        monkeypatch, shootings, answer(report(injured=figure(4), date=date, place={"name": "X"}))
    )
    sums = _sums(shootings.examine(Item("a", "en", {}, gold)))
    assert (sums["killed"], sums["injured"], sums["both"]) == ((1, 0, 0), (1, 0, 0), (1, 0, 0))
    assert (sums["date"], sums["city"]) == ((1, 0, 0), (0, 1, 1))
    _found(monkeypatch, shootings, answer())
    assert _sums(shootings.examine(Item("a", "en", {}, gold)))["killed"] == (0, 1, 0)


def _template(**slots: list[str]) -> dict[str, Any]:
    names = (
        "PERP: ORGANIZATION ID",
        "PERP: ORGANIZATION CONFIDENCE",
        "HUM TGT: NUMBER",
        "HUM TGT: EFFECT OF INCIDENT",
    )
    empty: dict[str, list[str]] = {name: [] for name in names}
    plain = {"INCIDENT: TYPE": ["BOMBING"], "INCIDENT: STAGE OF EXECUTION": ["ACCOMPLISHED"]}
    return {**empty, **plain, "OPTIONAL": False, **slots}


def test_muc4_judges_types_organisations_and_victims(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bombing by the HERON BAND with two dead, read as an armed assault by it with three."""
    gold = _template(
        **{
            "PERP: ORGANIZATION ID": ['"HERON BAND" / "HB"'],
            "PERP: ORGANIZATION CONFIDENCE": ['SUSPECTED OR ACCUSED: "HERON BAND" / "HB"'],
            "HUM TGT: NUMBER": ['2: "FISHERMEN"', '1: "CAPTAIN"'],
            "HUM TGT: EFFECT OF INCIDENT": ['DEATH: "FISHERMEN"', 'INJURY: "CAPTAIN"'],
        }
    )
    who = [{"name": "Heron Band", "attribution": "suspected_or_accused"}]
    read = report(attack_types=["armed_assault"], perpetrators=who, killed=figure(3))
    _found(monkeypatch, muc4, answer(read))
    assert _sums(muc4.examine(Item("d", "en", {"text": ""}, [gold]))) == {
        "verdict": (1, 0, 0),
        "attack_types": (0, 1, 1),
        "perpetrators": (1, 0, 0),
        "confidence": (1, 0, 0),
        "killed": (0, 1, 0),
        "injured": (0, 1, 0),
    }


def test_muc4_leaves_out_threats_and_optional_templates(tmp_path: Path) -> None:
    """A threat alone and an optional template alone are unsure; nothing at all is a no."""
    import gzip

    threat = _template(**{"INCIDENT: STAGE OF EXECUTION": ["THREATENED"]})
    optional = {**_template(), "OPTIONAL": True}
    docs = {"threat": [threat], "optional": [optional], "attack": [_template()], "none": []}
    rows = (json.dumps({"docid": k, "text": "X", "templates": v}) for k, v in docs.items())
    (tmp_path / "muc4_dev.jsonl.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    assert [item.id for item in muc4.load(tmp_path)] == ["attack", "none"]


def _verdict(wanted: str, label: str) -> dict[str, tuple[float, float, float]]:
    item = Item("a", "en", {"title": "t"}, None)
    return _sums(verdict.mark_verdict(item, answer(label=label), wanted, exact=True))


def test_mark_verdict_tells_a_miss_from_an_alarm() -> None:
    """Four labels, one of them positive."""
    assert _verdict("attack_report", "attack_report")["verdict"] == (1, 0, 0)
    assert _verdict("attack_report", "other")["verdict"] == (0, 1, 0)
    assert _verdict("other", "attack_report")["verdict"] == (0, 0, 1)
    assert _verdict("other", "other_place") == {"verdict": (0, 0, 0), "label": (0, 1, 0)}


def test_mark_alarm_does_not_take_an_error_for_silence() -> None:
    """What breaks the program is no hard negative that it mastered."""
    item = Item("a", "en", {"title": "t"}, "other")
    assert list(verdict.mark_alarm(item, answer(label="other"))) == [Mark("no_alarm", right=1)]
    assert [m.missed for m in verdict.mark_alarm(item, answer())] == [1]
    assert [m.missed for m in verdict.mark_alarm(item, {"id": "a", "error": "boom"})] == [1]


def test_mark_alarm_does_not_judge_a_language_that_is_not_read() -> None:
    """Else every new language would begin with a floor at the top."""
    found = answer(label="other")
    found["verdict"]["reasons"] = [{"code": "lang_unsupported", "weight": 0.0}]
    assert list(verdict.mark_alarm(Item("a", "so", {"title": "t"}, "other"), found)) == []


def test_load_verdict_leaves_out_what_the_other_file_has(tmp_path: Path) -> None:
    """The same text under another id is judged once."""
    body = (
        "A long invented text about a heron that nobody ever saw in the harbour of the city, " * 2
    )
    known = {"id": "k", "title": "x", "text": body, "lang": "en", "date": "2031-03-04", "label": 0}
    fresh = {**known, "id": "f", "title": "y", "text": "Another text.", "label": 3}
    (tmp_path / "kabul_dev.jsonl").write_text(json.dumps({**known, "id": "other"}))
    lines = "\n".join(map(json.dumps, (known, fresh)))
    (tmp_path / "verdict_dev.jsonl").write_text(lines)
    assert [(i.id, i.gold) for i in verdict.load_verdict(tmp_path)] == [("f", "attack_report")]


def test_corpus_counts_the_findings_of_its_own_comparison(tmp_path: Path) -> None:
    """One case, one figure right and one wrong, by the rules of the corpus's tests."""
    load = pytest.importorskip("tests.corpus.load")
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "x.toml").write_text(
        'must = false\n[defaults]\nprofile = "portsmere"\n[[case]]\ntext = "Six people were killed and 20 wounded by a bomb in Portsmere."\n'
        "expect.killed = 6\nexpect.injured = 21\n"
    )
    (case,) = load.load_file(tmp_path / "en" / "x.toml", tmp_path)
    sums = _sums(corpus.mark_case(case))
    assert sums["killed"] == (1, 0, 0)
    assert sums["injured"][:2] == (0, 1)
    assert sums["cases"] == (0, 1, 0)
