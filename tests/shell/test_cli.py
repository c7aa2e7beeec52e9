"""Where commands stand; and those about documents, run as a person or a script runs them."""

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from tests import program
from worker.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
CITY = str(ROOT / "tests" / "profiles" / "portsmere")
ATTACK = {
    "id": "blast",
    "title": "Car bomb kills six in Portsmere",
    "text": (
        "A car bomb killed six people and wounded 20 in Portsmere on Friday, police said.\n\n"
        "The vehicle exploded outside the Customs House in Lantern Quay at 9 a.m., a "
        "police spokesman said. No group claimed responsibility for the attack."
    ),
    "outlet": "Ledger",
    "published": "2031-03-07T12:00Z",
}
QUIET = {"id": 7, "title": "Council debates harbour fees", "text": "The council met on Friday."}
RSS = (
    "<rss version='2.0'><channel><title>L</title><item><title>One</title>"
    "<link>https://l.example/1</link><guid>g1</guid></item></channel></rss>"
)


def kabulwire(
    *arguments: str, stdin: str = "", cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    return program.run(*arguments, cwd=cwd, env=clean | {"PYTHONPATH": str(ROOT)}, stdin=stdin)


def lines_of(*records: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def typed(group: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below a group, with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from typed(command, *words, name)
        else:
            yield (*words, name), command


def test_every_command_stands_in_a_file_named_as_it_is_typed() -> None:
    """`kabulwire incidents split` is worker/cli/incidents/split.py; `import` is a word of Python."""
    modules = {words: command.callback.__module__ for words, command in _commands()}
    named = {words: ".".join(("worker.cli", *words)) for words in modules}
    assert modules == named | {("feeds", "import"): "worker.cli.feeds.import_opml"}
    assert len(modules) == 37


def test_every_command_file_opens_with_an_example_and_tells_its_exit_codes() -> None:
    """The example calls this command with options that it takes."""
    for words, command in _commands():
        text = importlib.import_module(command.callback.__module__).__doc__ or ""
        example = re.match(r"``kabulwire ([^`]+)``: \S", text)
        assert example, words
        assert tuple(example[1].split()[: len(words)]) == words
        options = {
            option for param in command.params for option in (*param.opts, *param.secondary_opts)
        }
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", example[1])) <= options
        assert re.search(r"^Exit codes?: |\. Exit codes?: ", text, re.MULTILINE), words


def _commands() -> list[tuple[tuple[str, ...], Any]]:
    return list(typed(typer.main.get_command(app)))


def test_commands_are_known_before_anything_heavy_is_imported() -> None:
    """``--version`` reads no library that only some commands need: one import makes all of them slow."""
    heavy = (
        "pydantic",
        "numpy",
        "trafilatura",
        "aiohttp",
        "worker.config.load",
        "worker.store.inbox",
    )
    script = (
        "import sys, worker.cli\nsys.argv = ['kabulwire', '--version']\n"
        "try:\n    worker.cli.main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_analyze_answers_every_line_in_order() -> None:
    """One answer per input line, ids unchanged, spans true to the text."""
    done = kabulwire("analyze", "--profile", CITY, stdin=lines_of(QUIET, ATTACK))
    assert done.returncode == 0, done.stderr
    quiet, attack = map(json.loads, done.stdout.splitlines())
    assert (quiet["id"], quiet["verdict"]["label"], quiet["reports"]) == (7, "other", [])
    assert (attack["id"], attack["verdict"]["label"]) == ("blast", "attack_report")
    text = f"{ATTACK['title']}\n\n{ATTACK['text']}"
    (report,) = attack["reports"]
    spans = [reason for reason in attack["verdict"]["reasons"] if "quote" in reason]
    spans += report["statements"] + [s for group in report["evidence"].values() for s in group]
    assert len(spans) > 5
    assert [s for s in spans if text[s["start"] : s["end"]] != s["quote"]] == []
    assert {"role", "date", "place", "killed", "injured", "statements", "claims"} <= set(report)
    assert report["killed"]["best"] == 6
    assert "article" not in attack


def test_analyze_answers_a_bad_line_and_tells_it_by_the_exit_code() -> None:
    """The others are still answered, in order; 65 at the end."""
    done = kabulwire(
        "analyze", "--profile", CITY, "-", stdin="{oops\n" + lines_of({"id": "e"}, QUIET)
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 65
    assert [answer["id"] for answer in answers] == [None, "e", 7]
    assert [answer.get("error", "").split(":")[0] for answer in answers] == (
        ["not_json", "no_text", ""]
    )


def test_analyze_read_adds_what_was_read_from_the_page(tmp_path: Path) -> None:
    """--read shows title, body, publication instant and language, attack or not."""
    page = (
        "<html lang='en'><head><title>Council debates harbour fees</title>"
        "<meta property='article:published_time' content='2031-03-07T10:00:00+01:00'></head><body>"
        "<article><h1>Council debates harbour fees</h1><p>The council met on Friday to talk about "
        "the fees that ships pay in the harbour. It did not decide anything, as so often.</p>"
        "<p>It will meet again next week, the mayor said after the meeting on Friday.</p>"
        "</article></body></html>"
    )
    file = tmp_path / "in.jsonl"
    file.write_text(lines_of({"id": "p", "html": page}), "utf-8")
    done = kabulwire("analyze", "--profile", CITY, "--read", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    article = json.loads(done.stdout)["article"]
    assert article["title"] == "Council debates harbour fees"
    assert article["published"] == "2031-03-07T10:00:00+01:00"
    assert article["text"].startswith("The council met on Friday")
    assert article["lang"] == "en"


def test_explain_shows_sentences_to_a_person_and_the_same_line_to_a_program(tmp_path: Path) -> None:
    """Without --json words and quotes; with --json the line of `analyze`."""
    file = tmp_path / "a.txt"
    file.write_text(str(ATTACK["text"]), "utf-8")
    shared = (str(file), "--profile", CITY, "--title", str(ATTACK["title"]),
              "--published", str(ATTACK["published"]), "--outlet", "Ledger")  # fmt: skip
    told = kabulwire("explain", *shared)
    assert told.returncode == 0, told.stderr
    assert "attack_report" in told.stdout
    assert "primary report" in told.stdout
    assert "Lantern Quay" in told.stdout
    shown = json.loads(kabulwire("explain", *shared, "--json").stdout)
    analyzed = kabulwire("analyze", "--profile", CITY, stdin=lines_of(ATTACK))
    assert shown["verdict"] == json.loads(analyzed.stdout)["verdict"]


def test_explain_does_not_obey_the_document(tmp_path: Path) -> None:
    """Markup and escape sequences of an article are shown, not carried out."""
    file = tmp_path / "a.txt"
    file.write_text(
        "[bold]A car bomb[/bold] killed six people in Portsmere on Friday \x1b[2J.", "utf-8"
    )
    done = kabulwire("explain", str(file), "--profile", CITY)
    assert done.returncode == 0, done.stderr
    assert "[bold]" in done.stdout
    assert "\x1b" not in done.stdout


def test_parse_gives_every_document_a_line(tmp_path: Path) -> None:
    """Entries, or one line with a named error: 0 either way; 66 at the end for a file that is not there."""
    feed, junk = tmp_path / "feed.xml", tmp_path / "junk.bin"
    feed.write_text(RSS, "utf-8")
    junk.write_bytes(b"\x00\x01\x02" * 50)
    done = kabulwire("parse", str(feed), str(junk), str(tmp_path / "none"))
    assert (done.returncode, done.stderr.count("\n")) == (66, 1)
    assert kabulwire("parse", str(feed), str(junk)).returncode == 0
    entry, refused, missing = map(json.loads, done.stdout.splitlines())
    assert (entry["file"], entry["format"], entry["id"], entry["title"]) == (
        (str(feed), "rss", "g1", "One")
    )
    assert (refused["file"], refused["error"]) == (str(junk), "not_a_news_item")
    assert missing["error"] == "no_file"


def test_replay_writes_both_topics_and_the_same_bytes_twice(tmp_path: Path) -> None:
    """Two reports of one attack: one incident, revisions without holes, byte for byte repeatable."""
    second = {
        **ATTACK, "id": "other", "outlet": "Gazette", "published": "2031-03-07T15:00Z",
        "title": "Toll of Portsmere car bomb rises to nine",
        "text": str(ATTACK["text"]).replace("six", "nine"),
    }  # fmt: skip
    source = tmp_path / "in.jsonl"
    source.write_text(lines_of(ATTACK, second, QUIET), "utf-8")
    made = []
    for name in ("a", "b"):
        done = kabulwire("replay", str(source), "--out", str(tmp_path / name), "--profile", CITY)
        assert done.returncode == 0, done.stderr
        made.append(
            [(tmp_path / name / f"{topic}.v1.jsonl").read_bytes()
             for topic in ("incidents", "incident-log")]
        )  # fmt: skip
    assert made[0] == made[1]
    (last,) = map(json.loads, made[0][0].splitlines())
    log = [json.loads(line) for line in made[0][1].splitlines()]
    assert [record["value"]["revision"] for record in log] == list(range(1, len(log) + 1))
    assert len({record["key"] for record in log}) == 1
    assert last["value"]["reports_total"] == 2
    assert {"seq", "key", "headers", "value"} == set(last)


def test_commands_suggest_the_right_name_and_refuse_a_wrong_profile_with_a_reason() -> None:
    """Usage errors leave with 2, wrong settings with 78; no traceback."""
    misspelt = kabulwire("anlyze")
    unknown = kabulwire("analyze", "--profile", "atlantis", stdin=lines_of(QUIET))
    assert (misspelt.returncode, unknown.returncode) == (2, 78)
    assert "analyze" in misspelt.stderr
    assert "no profile 'atlantis'" in unknown.stderr
    assert "Traceback" not in misspelt.stderr + unknown.stderr


def test_explain_leaves_with_66_without_its_file_and_version_is_one_line() -> None:
    """Small things that scripts rely on."""
    assert kabulwire("explain", "no-such-file.html", "--profile", CITY).returncode == 66
    done = kabulwire("version", "--json")
    assert json.loads(done.stdout)["kabulwire"] == kabulwire("version").stdout.split()[1]


def test_check_names_the_example_that_does_not_hold(tmp_path: Path) -> None:
    """Each example of a profile is judged; one that gets another verdict is told, with both."""
    profile = shutil.copytree(CITY, tmp_path / "portsmere")
    (profile / "examples").mkdir()
    for name, killed in (("right", 6), ("wrong", 7)):
        fields = {**ATTACK, "label": "attack_report", "killed": killed}
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in fields.items())
        (profile / "examples" / f"{name}.toml").write_text(text, "utf-8")

    done = kabulwire("check", "--profile", str(profile), "--json")

    findings = {
        found["what"]: found["problems"] for found in map(json.loads, done.stdout.splitlines())
    }
    assert findings["example right"] == []
    assert [text.rpartition(": ")[2] for text in findings["example wrong"]] == [
        "killed is 6, not 7"
    ]
    assert done.returncode == 78


@functools.cache
def checked_languages() -> subprocess.CompletedProcess[str]:
    """What is told of all packs. To build them all takes seconds; two tests look at it."""
    return kabulwire("check", "--languages")


def test_check_judges_the_language_packs_without_settings() -> None:
    """A line for each pack with what it can do; gaps are told and are no fault."""
    told = checked_languages()
    found = [
        json.loads(row) for row in kabulwire("check", "--languages", "--json").stdout.splitlines()
    ]

    assert told.returncode == 0
    assert {row["what"].partition(":")[0] for row in found} >= {"English (en)", "Turkish (tr)"}
    assert all(row["problems"] == [] for row in found)
    assert all(row["what"] in " ".join(told.stdout.split()) for row in found)
    turkish = next(row for row in found if row["what"].startswith("Turkish"))
    assert any(gap.startswith("no words of: ") for gap in turkish["gaps"])


def test_check_counts_what_a_pack_lacks_and_names_it_for_one() -> None:
    """A hundred names for each of sixteen packs are no answer; of one pack they are its list of work."""
    every, one = checked_languages().stdout, kabulwire("check", "--lang", "tr").stdout
    (short,) = re.findall(r"no words of (\d+)[^()]*\(names: --lang tr\)", " ".join(every.split()))
    (names,) = re.findall(r"no words of: ([A-Z_, ]+)", " ".join(one.split()))
    assert len(names.split(", ")) == int(short)
    assert "ACCORDING" not in every
    assert "English" not in one


def test_check_refuses_a_language_without_a_pack() -> None:
    """It says which there are."""
    told = kabulwire("check", "--lang", "xx")
    assert told.returncode == 2
    assert "fa" in told.stderr


def test_explain_with_rules_shows_how_each_figure_was_made(tmp_path: Path) -> None:
    """Every count with its words and its rules in the order of use, also one that no report takes."""
    file = tmp_path / "a.txt"
    file.write_text(
        "A car bomb killed six people in Portsmere on Friday, police said \x1b[2J.\n\n"
        "Last year 300 people were killed in such attacks.",
        "utf-8",
    )
    told = kabulwire("explain", str(file), "--profile", CITY, "--rules")
    lines = kabulwire("explain", str(file), "--profile", CITY, "--rules", "--json").stdout

    counts = [json.loads(row) for row in lines.splitlines()]
    assert [(c["what"], c["value"], c["stated"]) for c in counts] == [
        ("killed", 6, True),
        ("killed", 300, False),
    ]
    assert counts[0]["rules"] == ["number-of-people-of-no-kind", "killed-people"]
    assert file.read_text("utf-8")[counts[0]["start"] : counts[0]["end"]] == counts[0]["quote"]
    shown = " ".join(told.stdout.split())
    assert "killed 6 killed six people number-of-people-of-no-kind, killed-people" in shown
    assert "\x1b" not in told.stdout
