"""The corpus judges itself: what is misspelt is refused, what differs is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.answers import answer_to
from tests.corpus.check import Count, broken_rules, counts, differences
from tests.corpus.expectation import CorpusError
from tests.corpus.load import CORPUS, Case, load_file
from tests.corpus.test_corpus import all_cases

BOMB = "A bomb exploded in Lantern Quay in Portsmere on Tuesday."
HEAD = 'must = true\n[defaults]\nprofile = "portsmere"\npublished = "2031-03-04 15:00"\n'


def cases(tmp_path: Path, *tables: str) -> list[Case]:
    path = tmp_path / "en" / "some.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + "".join(f"[[case]]\n{table}\n" for table in tables), "utf-8")
    return load_file(path, tmp_path)


def said(tmp_path: Path, text: str, *expected: str) -> list[str]:
    """The differences of one case with these lines of expectation."""
    (case,) = cases(tmp_path, f'text = "{BOMB} {text}"\n' + "\n".join(expected))
    return differences(answer_to(case), case)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('text = "A bomb."\nexpect.kiled = 6', "unknown key 'kiled'"),
        ('txt = "A bomb."\nexpect.killed = 6', "unknown key 'txt'"),
        ('text = "A bomb."', "`expect` says nothing"),
        ("expect.killed = 6", "neither title nor text"),
        ('text = "A bomb."\nexpect.killed = -1', "killed"),
        ('text = "A bomb."\nexpect.killed = { low = 6, best = 5 }', "out of order"),
        ('text = "A bomb."\nexpect.label = "attack"', "label: 'attack' is not possible"),
        ('text = "A bomb."\nexpect.attack_types = ["bomb"]', "attack_types"),
        ('text = "A bomb."\nexpect.weapons = ["explosives/car"]', "weapons.subtype"),
        ('text = "A bomb."\nexpect.date = "March 4"', "date.start"),
        ('text = "A bomb."\nexpect.time = "8.20"', "time"),
        ('text = "A bomb."\nexpect.absent.words = ["x"]', "absent.words"),
        ('text = "A bomb."\nexpect.statements = [{ quote = "six" }]', "does not stand"),
        (
            'text = "A bomb."\nexpect.killed = 6\n[[case.expect.reports]]\nrole = "primary"',
            "killed",
        ),
    ],
)
def test_load_file_refuses_what_cannot_be_meant(tmp_path: Path, table: str, message: str) -> None:
    """A slip of an analyst is named with its file and case, and never passes in silence."""
    with pytest.raises(CorpusError, match=re.escape(message)) as caught:
        cases(tmp_path, table)
    assert str(caught.value).startswith("en/some.toml: case 1")


def test_load_file_refuses_two_cases_of_one_name(tmp_path: Path) -> None:
    """A name tells which case failed."""
    with pytest.raises(CorpusError, match="two cases are called 'a-bomb'"):
        cases(
            tmp_path, 'text = "A bomb."\nexpect.killed = 1', 'text = "A bomb!"\nexpect.killed = 1'
        )


def test_load_file_joins_the_lines_of_a_paragraph(tmp_path: Path) -> None:
    """Long texts may be broken anywhere; an empty line parts paragraphs; verbatim keeps all."""
    lines = 'text = """\nOne\ntwo.\n\nThree."""\nexpect.killed = "none"\n'
    joined, kept = cases(tmp_path, 'name = "a"\n' + lines, 'name = "b"\nverbatim = true\n' + lines)

    assert joined.text == "One two.\n\nThree."
    assert kept.text == "One\ntwo.\n\nThree."


@pytest.mark.parametrize(
    "expected",
    [
        "expect.killed = 6",
        "expect.killed = { low = 6, best = 6, high = 6, conflict = false }",
        'expect.injured = "none"',
        'expect.place = "lantern quay"',
        'expect.place = { neighbourhood = "Lantern Quay", police_district = 3 }',
        'expect.date = "2031-03-04"',
        'expect.weapons = ["explosives/unknown_explosive_type"]',
        'expect.weapons = ["explosives"]',
        "expect.claims = []",
        'expect.label = "not other"',
        'expect.statements = [{ measure = "killed", value = 6, speaker_id = "city-guard" }]',
        'expect.statements = [{ value = 6, quote = "killed six" }]',
        'expect.absent = { values = [7], places = ["Ropewalk"], groups = ["Red Tide"] }',
    ],
)
def test_differences_are_none_where_all_is_as_expected(tmp_path: Path, expected: str) -> None:
    """Each way of saying what is right."""
    assert said(tmp_path, "The blast killed six people, the City Guard said.", expected) == []


@pytest.mark.parametrize(
    ("expected", "difference"),
    [
        ("expect.killed = 7", "killed: {best: 7} expected, not {best: 6}"),
        ('expect.killed = "none"', "killed: none expected, not {low: 6, best: 6, high: 6"),
        ("expect.injured = 2", "injured: {best: 2} expected, not none"),
        (
            'expect.place = "Ropewalk"',
            "place: {called: Ropewalk} expected, not {called: Lantern Quay",
        ),
        ('expect.date = "2031-03-03"', "date: {start: 2031-03-03"),
        ("expect.weapons = []", "weapons: {type: explosives"),
        ('expect.attack_types = ["armed_assault"]', "attack_types: armed_assault is missing"),
        ('expect.label = "other"', "label: other expected, not attack_report"),
        ("expect.statements = []", "statements: {measure: killed"),
        (
            'expect.statements = [{ value = 6, speaker_id = "infirmary" }]',
            "statements.speaker_id: infirmary expected, not city-guard of",
        ),
        ("expect.reports = []", "reports: 0 expected, not primary"),
        ("expect.absent.values = [6]", "absent.values: 6 was reported"),
        ('expect.absent.quotes = ["six people"]', "absent.quotes: 'six people' was reported"),
        ('expect.absent.places = ["Lantern Quay"]', "absent.places: 'Lantern Quay' was reported"),
        ('expect.suicide = "yes"', "suicide: yes expected, not none"),
    ],
)
def test_differences_say_what_is_wrong(tmp_path: Path, expected: str, difference: str) -> None:
    """One sentence for each thing that is missing, wrong or invented."""
    found = said(tmp_path, "The blast killed six people, the City Guard said.", expected)
    assert [one[: len(difference)] for one in found][:1] == [difference]


def test_differences_name_the_report_they_are_of(tmp_path: Path) -> None:
    """With several reports each sentence says which one is meant."""
    lines = ('[[case.expect.reports]]\nrole = "primary"', "[[case.expect.reports]]\nkilled = 9")
    assert said(tmp_path, "The blast killed six people.", *lines) == [
        "reports: 2 expected, not primary",
        "report 2: killed: {best: 9} expected, not none",
    ]


def test_differences_let_a_listed_figure_be_repeated(tmp_path: Path) -> None:
    """A list ends exactly, openly, or with room for the same figures again."""
    text = "The blast killed six people. Police said six people were killed and two were hurt."
    six = '{ measure = "killed", value = 6 }'

    def differ(end: str) -> int:
        return len(said(tmp_path, text, f"expect.statements = [{six}{end}]"))

    assert (differ(""), differ(', "repeats"'), differ(', "..."')) == (2, 1, 0)


def test_counts_tell_right_from_missed_and_invented(tmp_path: Path) -> None:
    """A wrong figure is a missed one and an invented one; a silent field invents nothing."""
    (case,) = cases(
        tmp_path,
        f'text = "{BOMB} The blast killed six people."\nexpect.killed = 7\nexpect.injured = 2\n'
        'expect.claims = []\nexpect.attack_types = ["bombing_explosion"]',
    )
    found = counts(answer_to(case), case)

    assert found["killed"] == Count(expected=1, right=0, invented=1)
    assert found["injured"] == Count(expected=1, right=0, invented=0)
    assert found["attack_types"] == Count(expected=1, right=1, invented=0)
    assert "claims" not in found


def test_readme_shows_cases_that_pass(tmp_path: Path) -> None:
    """What the README tells an analyst to write is read, and holds."""
    blocks = re.findall(r"```toml\n(.*?)```", (CORPUS / "README.md").read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        path = tmp_path / "en" / "readme.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(block if "must =" in block else f"must = true\n{block}", "utf-8")
        for case in load_file(path, tmp_path):
            assert differences(answer_to(case), case) == []


def test_load_cases_gives_every_case_an_id_of_its_own() -> None:
    """Ids are what a score is compared by from one day to the next."""
    found: list[Any] = [case.id for case in all_cases()]
    assert len(set(found)) == len(found) > 500


def test_broken_rules_sees_a_quote_that_is_not_there_and_a_label_without_a_report() -> None:
    """What the runner asks of every case beside its own expectation is asked indeed."""
    case, answer = next(
        (case, answer)
        for case in all_cases()
        for answer in (answer_to(case),)
        if answer["verdict"]["label"] == "attack_report"
    )
    assert broken_rules(answer, case) == []
    report = answer["reports"][0]
    moved = [{**s, "start": s["start"] + 1} for spans in report["evidence"].values() for s in spans]
    shifted = {**answer, "reports": [{**report, "evidence": {"date": moved}}]}
    assert len(broken_rules(shifted, case)) == len(moved) > 0
    denied = {**answer, "verdict": {**answer["verdict"], "label": "other"}}
    assert broken_rules(denied, case) == ["label other, but a fresh report: True"]
