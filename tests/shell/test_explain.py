"""What ``explain`` tells an analyst: the main event, its place and day, and reasons in words."""

from __future__ import annotations

import json
import os
import tomllib
from io import StringIO
from pathlib import Path
from typing import get_args

import pytest
from rich.console import Console

from tests import program
from tests.loopback import serving
from tests.profiles.cities import PORTSMERE
from worker.cli.explanation import show
from worker.cli.main_mention import find_main_mention
from worker.cli.reason_words import REASONS, say
from worker.config.knowledge import load_knowledge
from worker.core.analyze import analyze
from worker.core.classify.score import weight_names
from worker.core.domain.report import Analysis
from worker.core.domain.vocabulary import Zone
from worker.core.sources.jsonl import document_of

ROOT = Path(__file__).resolve().parents[2]
WORDS = tomllib.loads(REASONS.read_text("utf-8"))
FEATURES = sorted({
    name.partition(".")[2] for name in weight_names() if name.startswith(("weights.", "anywhere."))
} | {"lang_unsupported"})  # fmt: skip


def read(title: str, text: str) -> Analysis:
    """An article of Wednesday 7 May 2031, analysed for Portsmere."""
    line = {"id": "a", "title": title, "text": text, "published": "2031-05-07T14:00:00+00:00"}
    return analyze(document_of(line, 1, "UTC"), None, load_knowledge(PORTSMERE))


def test_say_has_a_sentence_for_every_feature_in_every_zone() -> None:
    """No code of a verdict is printed bare, wherever its words stand, and no name of a zone is missing."""
    for code in FEATURES:
        for zone in (None, *get_args(Zone)):
            words = say(code, zone)
            assert words not in {"", code}
            assert "{" not in words


def test_say_keeps_no_sentence_that_no_feature_has() -> None:
    """A feature that is gone takes its sentence along."""
    used = {c if c in WORDS["reasons"] else f"*.{c.partition('.')[2]}" for c in FEATURES}
    assert set(WORDS["reasons"]) == used


def test_say_names_the_head_by_where_it_stands() -> None:
    """A headline is called so; the own first sentence of an attack told further down is not."""
    assert say("head.attack", "title") == "the headline has a clear word for an attack"
    assert say("head.attack", "body") == "the sentence of the attack has a clear word for an attack"


def test_say_leaves_an_unknown_code() -> None:
    """A verdict of another version may know features that this one has no words for."""
    assert say("head.unheard_of") == "head.unheard_of"


@pytest.mark.parametrize(
    ("title", "text", "at", "where", "when"),
    [
        pytest.param(
            "Blast at money changers' market in Portsmere kills nine",
            "A bomb in a handcart went off at a market in the Ropewalk area of Portsmere on Wednesday,"
            " killing nine people, police said.",
            "Blast", "Ropewalk", "2031-05-07  (weekday)", id="report",
        ),
        pytest.param(
            "Gunmen kill four guards at Eastmoor customs house",
            "PORTSMERE - Gunmen on motorcycles shot dead four guards at a customs house in Eastmoor on"
            " Wednesday, an official said.",
            "kill", "Eastmoor, outside the area", "2031-05-07  (weekday)", id="another city",
        ),
        pytest.param(
            "A year on, a Portsmere tailor sews again",
            "Nasrin has a borrowed machine. A year ago a truck bomb tore through her street in Portsmere and"
            " killed 41 people. On Wednesday she opened again.",
            "bomb", "Portsmere", "(relative)", id="background",
        ),
        pytest.param(
            "World in brief: rates held; floods in the north; Portsmere blast",
            "The central bank held its rate on Wednesday.\n\nFloods have cut off eleven villages.\n\n"
            "A roadside bomb killed three policemen in the Chandlers Row quarter of Portsmere on Wednesday,"
            " police said.\n\nThe national side won by four wickets.",
            "killed", "Chandlers Row", "2031-05-07  (weekday)", id="round-up",
        ),
    ],
)  # fmt: skip
def test_find_main_mention_gives_the_event_its_place_and_day(
    title: str, text: str, at: str, where: str, when: str
) -> None:
    """The words that tell it, and what they, or the report made of it, say of where and when."""
    told = find_main_mention(read(title, text), load_knowledge(PORTSMERE))
    assert told is not None
    assert at in told.at.quote
    assert where in told.where
    assert told.when.endswith(when)
    assert all(s.quote in f"{title}\n{text}" for s in (*told.where_at, *told.when_at))


def test_find_main_mention_finds_none_where_no_attack_is_told() -> None:
    """An article of another matter has no main event, and no place or day of one."""
    analysis = read(
        "Portsmere bakers raise the price of bread", "Bread is dearer in Portsmere from Wednesday."
    )
    assert find_main_mention(analysis, load_knowledge(PORTSMERE)) is None


def test_show_prints_the_five_strongest_reasons_in_words_with_their_codes() -> None:
    """Strongest first, in words, each with its code; the bias is told apart, and the rest is counted."""
    analysis = read("Gas cylinder explodes in Portsmere bakery",
                    "Four people were killed on Wednesday when a gas cylinder exploded in a bakery.")  # fmt: skip
    console = Console(file=StringIO(), width=400)
    show(analysis, load_knowledge(PORTSMERE), console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    reasons = [r for r in analysis.verdict.reasons if r.code != "bias"]
    strongest = sorted(reasons, key=lambda reason: -abs(reason.weight))
    shown = [line for line in printed.splitlines() if line.startswith(("+", "-"))]
    assert [any(r.code in line for r in reasons) for line in shown] == [True] * 5 + [False]
    for reason, line in zip(strongest[:5], shown[:5], strict=True):
        assert line.startswith(f"{reason.weight:+.2f}")
        assert f"  {reason.code}" in line
    assert "the headline has words of an accident" in printed
    assert say("bias") in shown[-1]
    assert f"and {len(reasons) - 5} more" in printed


def test_explain_goes_by_the_settings_that_it_is_given(tmp_path: Path) -> None:
    """`-c` names the folder: its profile reads the page, and its settings say what may be asked."""
    (tmp_path / "feeds.toml").write_text("", "utf-8")
    (tmp_path / "kabulwire.toml").write_text(
        f'profile = "{PORTSMERE}"\n[ingest]\nallow_loopback = true\n', "utf-8"
    )
    words = "A car bomb killed six people outside the Customs House in Portsmere, police said. "
    page = (
        f"<html lang='en'><head><title>Bomb kills six in Portsmere</title></head><body><article>"
        f"<h1>Bomb kills six in Portsmere</h1><p>{words * 4}</p></article></body></html>"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    with serving(lambda asked: (200, {"Content-Type": "text/html"}, page.encode())) as base:
        command = ("explain", f"{base}/news/a", "--json", "-c", str(tmp_path))
        done = program.run(*command, cwd=tmp_path, env=clean | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"]["label"]
