"""The documents list what exists, and nothing that does not."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from rich.console import Console

from tests import program
from tests.profiles.cities import PORTSMERE
from tests.score.front_door import analyzed, city
from worker.cli.explanation import show
from worker.cli.reason_words import say
from worker.config.knowledge import load_knowledge
from worker.config.load import load_settings, setting_names
from worker.core.analyze import analyze
from worker.core.domain.incident import ConstraintKind
from worker.core.domain.snapshot import LinkCertainty, State
from worker.core.domain.vocabulary import Band, Label, Role, Scope, StatementStatus
from worker.core.merge.state.life import EVENTS, LIFE
from worker.core.sources.formats import REASONS as FEED_REASONS
from worker.core.sources.jsonl import document_of
from worker.ingest.fetch import REASONS as FETCH_REASONS
from worker.observe import events as log_events
from worker.observe.metrics import Metrics
from worker.publish import session_steps
from worker.publish.drain import NEEDS_A_PERSON
from worker.publish.flow import FLOW, FLOW_EVENTS, FlowEvent
from worker.publish.kafka.ledger import Judgement
from worker.publish.session_steps import ANSWERS, ON_END, ON_VERDICT, STEPS
from worker.run.chain import LATER
from worker.run.poll_log import ADVICE

ROOT = Path(__file__).resolve().parents[2]
METHOD = (ROOT / "docs" / "method.md").read_text("utf-8")
OPERATE = (ROOT / "docs" / "operate.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows(section: str) -> dict[str, str]:
    """The table between two marks of operate.md: name → the rest of its row."""
    body = OPERATE.split(f"<!-- {section} -->")[1].split(f"<!-- /{section} -->")[0]
    cells = [line.strip("|").split("|", 1) for line in body.splitlines() if line.startswith("| `")]
    return {name.strip(" `"): rest.strip() for name, rest in cells}


def test_every_setting_is_documented() -> None:
    """docs/operate.md lists exactly the settings there are."""
    assert list(rows("settings")) == list(setting_names())


def test_every_log_event_is_documented() -> None:
    """docs/operate.md lists exactly the events there are, in the same words."""
    assert rows("events") == log_events.EVENTS


def test_every_name_of_opentelemetry_is_documented() -> None:
    """docs/operate.md maps the keys of a line as the table in the code does."""
    shown = OPERATE.split("<!-- opentelemetry -->\n")[1].split("\n<!-- /opentelemetry -->")[0]
    table = {name: [f"`{there}`"] for name, there in log_events.OPENTELEMETRY.items()}
    assert shown == grid("key", ["in OpenTelemetry"], table)


def test_every_reason_that_needs_a_person_is_documented() -> None:
    """docs/operate.md lists exactly the reasons for which readiness falls at once."""
    table = OPERATE.split("<!-- reasons -->")[1].split("<!-- /reasons -->")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`(\w+)`", " ".join(first))) == NEEDS_A_PERSON


def test_every_advice_is_documented() -> None:
    """docs/operate.md says what can be done about each failure of a feed, in the words of the log; what
    has no advice is only waited for."""
    assert rows("advice") == ADVICE
    assert set(ADVICE) | LATER >= FETCH_REASONS | FEED_REASONS


def test_every_divergence_is_documented() -> None:
    """docs/operate.md says what each reason of `store.diverged` means."""
    table = OPERATE.split("| `reason` of `store.diverged` |")[1].split("\n\n")[0]
    told = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line)}
    assert told == {*get_args(Judgement), "emptied"} - {"agreed", "fresh"}


def grid(first: str, columns: Iterable[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A table with a name in the first column of each row."""
    lines = [(first, *columns), *((f"`{name}`", *cells) for name, cells in rows.items())]
    told = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([told[0], "|---" * len(lines[0]) + "|", *told[1:]])


def code(names: Iterable[str]) -> list[str]:
    return [f"`{name}`" for name in names]


def transitions(first: str, table: Mapping[Any, Mapping[Any, str]], events: Sequence[str]) -> str:
    """States down, events across; a dash where there is no such transition."""
    rows = {
        name: [f"`{row[event]}`" if event in row else "–" for event in events]
        for name, row in table.items()
    }
    return grid(first, code(events), rows)


def life_table() -> str:
    rows = {
        stage: [
            f"`{row[event].state}`"
            + (f" ({row[event].timer})" if row[event].timer != "none" else "")
            if event in row
            else "–"
            for event in EVENTS
        ]
        for stage, row in LIFE.items()
    }
    return grid("from", code(EVENTS), rows)


def steps_table() -> str:
    """Each step with what it holds beside the past, and where it leads but for a doubt."""
    rows = {}
    for step, row in STEPS.items():
        holds = [part.name for part in fields(getattr(session_steps, step)) if part.name != "past"]
        ways = [f"`{event}` → `{after}`" for event, after in row.items() if event != "doubt"]
        assert row["doubt"] == "Closed"
        rows[step] = [", ".join(code(holds)), ", ".join(ways)]
    return grid("step", ["it holds", "then"], rows)


AGAIN: Mapping[FlowEvent, str] = {
    "remedied": "at once", "waits": "after a pause", "blocks": "after a pause"}  # fmt: skip
READY: Mapping[FlowEvent, str] = {
    "remedied": "as it was", "waits": "by the reason", "blocks": "falls"}  # fmt: skip


def ends_table() -> str:
    rows = {
        end: [
            ending.meaning,
            "kept" if ending.keeps_topics else "looked at again",
            AGAIN[ending.flow],
            READY[ending.flow],
            f"`{ending.flow}`",
        ]
        for end, ending in ON_END.items()
    }
    return grid("end", ("how it ended", "topics", "next session", "readiness", "event"), rows)


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("contract.md", "events"): lambda: grid(
        "event", ["meaning"], {event: [meaning] for event, meaning in EVENTS.items()}
    ),
    ("contract.md", "life"): life_table,
    ("guarantees.md", "steps"): steps_table,
    ("guarantees.md", "verdicts"): lambda: grid(
        "verdict",
        ["answer", "what is done"],
        {v: [f"`{answer}`", ANSWERS[answer]] for v, answer in ON_VERDICT.items()},
    ),
    ("guarantees.md", "ends"): ends_table,
    ("guarantees.md", "flow"): lambda: transitions("publishing is", FLOW, tuple(FLOW_EVENTS)),
    ("guarantees.md", "flow events"): lambda: grid(
        "event", ["meaning"], {event: [meaning] for event, meaning in FLOW_EVENTS.items()}
    ),
}


@pytest.mark.parametrize(("document", "section"), TABLES)
def test_a_table_of_states_in_the_documents_is_that_of_the_code(
    document: str, section: str
) -> None:
    """Rendered from the code, it is word for word what stands between the marks."""
    text = (ROOT / "docs" / document).read_text("utf-8")
    shown = text.split(f"<!-- {section} -->\n")[1].split(f"\n<!-- /{section} -->")[0]
    assert shown == TABLES[document, section]()


def cells(document: str, section: str) -> list[list[str]]:
    """The rows of the table between two marks of a document, without its head."""
    text = (ROOT / "docs" / document).read_text("utf-8")
    shown = text.split(f"<!-- {section} -->\n")[1].split(f"\n<!-- /{section} -->")[0]
    return [
        [cell.strip(" `") for cell in re.split(r" ?\| ?", row)[1:-1]]
        for row in shown.splitlines()[2:]
    ]


def test_the_walk_names_every_module_between_a_mention_and_a_figure() -> None:
    """docs/walk.md: those of ``extract/toll``, and the figures' own; each once."""
    core = ROOT / "worker" / "core"
    named = [module for _, module, _ in cells("walk.md", "toll")]
    own = {path.name for path in (core / "extract" / "toll").glob("*.py")} - {"__init__.py"}
    figures = {f"core/figures/{path.name}" for path in (core / "figures").glob("*.py")}
    figures -= {"core/figures/__init__.py"}
    assert sorted(named) == sorted(own | figures | {"annotate/counts.py"})


def test_a_weapon_stands_in_each_list_that_is_named() -> None:
    """docs/extend.md: its example is in all of the lists, and the lists are these."""
    pack = ROOT / "worker" / "core" / "lang" / "en"
    words, phrases = (
        tomllib.loads((pack / f"{name}.toml").read_text("utf-8")) for name in ("words", "phrases")
    )
    lists = {
        ("WEAPON", "words.toml"): words["WEAPON"],
        ("[tables.weapon]", "phrases.toml"): list(phrases["tables"]["weapon"]),
        ("[tables.attack_type]", "phrases.toml"): list(phrases["tables"]["attack_type"]),
        ("cue_attack", "phrases.toml"): phrases["patterns"]["cue_attack"],
    }
    assert [(name, file) for name, file, _ in cells("extend.md", "weapon")] == list(lists)
    for name, forms in lists.items():
        assert any(re.search(form, "a man with a machete") for form in forms), name


def test_every_metric_is_documented() -> None:
    """docs/operate.md lists exactly the series there are, in the words of their help texts."""
    metrics = Metrics()
    metrics.info({"version": "1"})
    found = {
        family.name + ("_total" if family.type == "counter" else ""): family.documentation
        for family in metrics.registry.collect()
        if family.name.startswith("kabulwire_")
    }
    assert rows("metrics") == found


def test_every_promise_names_a_test_that_exists() -> None:
    """docs/guarantees.md: no row without a test, no test that is not there."""
    table = (ROOT / "docs/guarantees.md").read_text("utf-8").split("## Proof")[0]
    promises = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(promises) > 10
    for row in promises:
        named = re.findall(r"`(tests/\S+?)`", row)
        assert named, row
        assert [name for name in named if not (ROOT / name).exists()] == []


def test_alert_rules_use_series_that_exist() -> None:
    """No alert rests on a series that nobody writes."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
    used = set()
    for rule in rules["groups"][0]["rules"]:
        used |= set(re.findall(r"kabulwire_\w+", rule["expr"]))
    assert used - set(rows("metrics")) == set()


@cache
def help_of(*command: str) -> str:
    """What ``--help`` prints for a command or a group."""
    env = {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "dumb", "PATH": ""}
    done = program.run(*command, "--help", env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands_of(*group: str) -> set[str]:
    """The commands that ``--help`` lists."""
    text = help_of(*group)
    table = text[text.index("Commands") :]
    return set(re.findall(r"^\W*\s([a-z-]+)\s{2,}\S", table, re.MULTILINE))


def test_every_command_that_the_documents_show_exists() -> None:
    """`kabulwire X` in a document is a command, and `kabulwire feeds X` one of that group."""
    top = commands_of()
    groups = {name: commands_of(name) for name in ("feeds", "topics", "store", "incidents")}
    wrong = []
    for path in DOCUMENTS:
        for found in re.finditer(r"\bkabulwire ([a-z]+)(?: ([a-z]+))?(?=[\s`)]|$)", _code(path)):
            name, sub = found.groups()
            if name not in top or (name in groups and sub and sub not in groups[name]):
                wrong.append(f"{path.name}: {found[0]}")
    assert wrong == []


def test_every_option_that_the_documents_show_exists() -> None:
    """Each `--option` behind `kabulwire X` in a document is one that X takes."""
    shown = [
        (path.name, tuple(found[1].split()), option)
        for path in DOCUMENTS
        for found in re.finditer(
            r"\bkabulwire ((?:(?:feeds|topics|store|incidents) )?[a-z]+)(?= )([^\n|;#]*)",
            _code(path),
        )
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", found[2])
    ]
    assert len(shown) >= 3
    assert [row for row in shown if not re.search(rf"(?<!\S){row[2]}\b", help_of(*row[1]))] == []


def test_a_copied_profile_can_be_checked_as_the_document_says(tmp_path: Path) -> None:
    """`cp -r` and `check --profile mytown`; a name that is no profile is told with its places."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(PORTSMERE, tmp_path / "config/profiles/mytown")
    good, bad = (
        program.run(
            "check", "--profile", name, "--json",
            cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": ""},
        )
        for name in ("mytown", "nowhere")
    )  # fmt: skip
    assert good.returncode == 0, good.stdout
    what = json.loads(good.stdout.splitlines()[-1])["what"]
    assert what.startswith(f"profile mytown: {_rows_of(PORTSMERE / 'places.csv') - 1} places")
    assert bad.returncode == 78
    assert "no profile 'nowhere'" in json.loads(bad.stdout.splitlines()[-1])["problems"][0]


def test_the_invented_city_is_as_small_as_the_document_says() -> None:
    """docs/extend.md tells how many places and lines (to the nearest ten) a working profile takes."""
    places = _rows_of(PORTSMERE / "places.csv") - 1
    lines = round(sum(_rows_of(path) for path in PORTSMERE.iterdir()), -1)
    text = " ".join((ROOT / "docs/extend.md").read_text("utf-8").split())
    assert f"an invented city: {places} places, some {lines} lines." in text


def _rows_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_the_example_line_is_answered_as_the_contract_says() -> None:
    """What `analyze` says of the line in docs/contract.md is what stands there, cut short."""
    contract = (ROOT / "docs/contract.md").read_text("utf-8").split("## Lines of analyze")[1]
    given, answers = re.findall(r"```json\n(.*?)```", contract, re.DOTALL)
    done = program.run(
        "analyze", "--profile", str(ROOT / "config/profiles/kabul"),
        stdin=given + '{"id": 3}\n', env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    (found, refused), (shown, refusal) = (
        [json.loads(line) for line in text.splitlines()] for text in (done.stdout, answers)
    )
    assert (refused, done.returncode) == (refusal, 65)
    for name in ("label", "band", "places"):
        assert found["verdict"][name] == shown["verdict"][name]
    assert set(shown["verdict"]["reasons"][0]) == set(found["verdict"]["reasons"][1])
    report = shown["reports"][0]
    assert {name: found["reports"][0][name] for name in report} == report


def test_the_examples_of_labels_are_answered_as_the_method_says() -> None:
    """Each article of the table in docs/method.md has its label, its band and its reasons."""
    table = METHOD.split("<!-- labels -->")[1].split("<!-- /labels -->")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) == len(get_args(Label))
    for (label, band), (title, text), reasons in (
        (re.findall(r"\w+", r[0]), r[1].strip().removeprefix("**").split("** ", 1), r[2])
        for r in rows
    ):
        line = {"id": "a", "title": title, "text": text, "published": "2031-03-04 15:00"}
        verdict = analyzed(line, "kabul")["verdict"]
        assert (verdict["label"], verdict["band"]) == (label, band)
        codes = {reason["code"] for reason in verdict["reasons"]}
        told = re.findall(r"([^;]+?) \(`(\w+\.\w+)`\)", reasons)
        assert told
        assert {code for _, code in told} <= codes
        assert all(say(code) == words.strip() for words, code in told)


def test_the_ranges_of_several_speakers_are_as_the_method_says() -> None:
    """Each row of the table in docs/method.md: what its sentences come to."""
    table = METHOD.split("<!-- ranges -->")[1].split("<!-- /ranges -->")[0]
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in table.splitlines()[3:]]
    assert len(rows) > 10
    for case, example, *wanted in rows:
        text = (
            f"A bomb exploded outside a clinic in the Karte Naw area of Kabul on Tuesday. {example}"
        )
        line = {"id": "a", "text": text, "published": "2031-03-04 15:00"}
        report = analyzed(line, "kabul")["reports"][0]
        figure = report["killed"] or report["injured"]
        bounds = ["–" if figure[b] is None else str(figure[b]) for b in ("low", "high")]
        assert [*bounds, "yes" if figure["open_upper"] else "no"] == wanted, case


def test_the_example_of_explain_is_what_it_prints() -> None:
    """docs/operate.md: verdict, event, place and day as printed; reasons whose weights may have moved."""
    title, text = re.search(r"\*\*(Roadside[^*]+)\.\*\* ([^|]+) \|", METHOD).groups()  # type: ignore[union-attr]
    line = {"id": "a", "title": title, "text": text, "published": "2031-03-04 15:00"}
    knowledge = load_knowledge(city())
    console = Console(file=StringIO(), width=400)
    show(analyze(document_of(line, 1, "Asia/Kabul"), None, knowledge), knowledge, console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    block = OPERATE.split("<!-- explain -->\n```\n")[1].split("\n```\n<!-- /explain -->")[0]
    for shown in block.splitlines():
        assert re.sub(r"^[+-][\d.]+|\d+ more.*", "", shown) in printed
    assert block.count(".") > 5


def test_no_line_of_prose_is_longer_than_the_page() -> None:
    """Outside tables and code a line of a document has at most 100 characters."""
    long = []
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        prose = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        lines = [line for line in prose.splitlines() if not line.startswith("|")]
        long += [f"{path.name}: {line[:50]}" for line in lines if len(line) > 100]
    assert long == []


def _code(path: Path) -> str:
    """Fenced blocks and inline code: where commands stand."""
    text = path.read_text("utf-8")
    fenced = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*fenced, *inline])


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of a document names a file of the project."""
    broken = []
    for path in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text("utf-8")):
            if not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_compose_sets_settings_that_exist(tmp_path: Path) -> None:
    """Every KABULWIRE__ variable of the compose file and the image is accepted."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    image = re.findall(r"(KABULWIRE__\w+)=(\S+)", (ROOT / "deploy/Dockerfile").read_text("utf-8"))
    for service in ("topics", "worker"):
        environ = {**dict(image), **compose["services"][service]["environment"]}
        config = load_settings(ROOT / "config", environ).config
        assert config.kafka.bootstrap_servers == "kafka:19092"
        assert config.topics.replication_factor == 1
    assert len(image) >= 4


def test_compose_waits_for_the_broker_and_keeps_the_page_on_loopback() -> None:
    """Topics after a healthy broker, the worker after its topics, the page not on all interfaces."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    worker = services["worker"]
    assert services["topics"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    assert worker["depends_on"]["topics"]["condition"] == "service_completed_successfully"
    assert worker["environment"]["KABULWIRE__SERVE__PAGE_PORT"] == "8081"
    assert [port for port in worker["ports"] if "8081" in port] == ["127.0.0.1:8081:8081"]
    assert worker["read_only"]
    grace = load_settings(ROOT / "config", {}).config.run.grace_s
    assert int(worker["stop_grace_period"].removesuffix("s")) > grace


@pytest.mark.parametrize(
    "name", ["setup", "run", "demo", "check", "test", "lint", "starts", "chaos", "lock"]
)
def test_make_has_the_documented_targets(name: str) -> None:
    """`make help` lists each target with what it does."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(rf"^{name}\s+\S", done.stdout, re.MULTILINE)


@cache
def _defined() -> frozenset[str]:
    """Names of the types in worker/: classes, and what a module calls a kind of value."""
    found: set[str] = set()
    for path in (ROOT / "worker").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Assign):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(found)


def _glossary() -> list[list[str]]:
    """The rows of each table of docs/glossary.md."""
    sections = (ROOT / "docs/glossary.md").read_text("utf-8").split("\n## ")[1:]
    return [re.findall(r"^\| (?!word \|).+", section, re.MULTILINE) for section in sections]


def test_glossary_names_files_and_types_that_exist() -> None:
    """docs/glossary.md: a path leads to a file, a name in CamelCase is a type in worker/."""
    named = re.findall(r"`([^`\n]+)`", (ROOT / "docs/glossary.md").read_text("utf-8"))
    paths = {name for name in named if name.startswith(("worker/", "config/", "docs/"))}
    types = {name for name in named if re.fullmatch(r"[A-Z]\w+", name)}
    assert len(paths) > 40
    assert len(types) > 60
    assert {name for name in paths if not (ROOT / name).exists()} == set()
    assert types - _defined() == set()


def test_glossary_is_in_alphabetical_order_and_says_each_word_once() -> None:
    """A word is found where the alphabet puts it."""
    for rows_of_table in _glossary():
        words = [re.sub(r"[`*]", "", row.split("|")[1]).strip().casefold() for row in rows_of_table]
        assert words == sorted(set(words))


def test_glossary_explains_every_value_of_the_design() -> None:
    """Roles, bands, labels, scopes, states, links and statuses are words that we chose."""
    text = "\n".join(row for table in _glossary() for row in table)
    sets = (Role, Band, Label, Scope, State, LinkCertainty, StatementStatus, ConstraintKind)
    values = {value for kind in sets for value in get_args(kind)}
    assert {value for value in values if f"`{value}`" not in text} == set()


def test_gotchas_name_tests_that_exist() -> None:
    """docs/gotchas.md: every entry says what holds it, a test `file::name` that is there."""
    rows_of_tables = re.findall(
        r"^\| (?!what \|).+", (ROOT / "docs/gotchas.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows_of_tables) > 40
    missing = []
    for row in rows_of_tables:
        held = re.findall(r"`(tests/[\w/-]+\.(?:py|toml))(?:::([^`]+))?`", row.rsplit("|", 2)[1])
        assert held, row
        missing += [f"{file}::{name}" for file, name in held if not _is_there(file, name)]
    assert missing == []


def _is_there(file: str, name: str) -> bool:
    """Whether a file holds a test (or, in a corpus, a case) of that name."""
    path = ROOT / file
    if not path.is_file():
        return False
    form = rf"^(?:async )?def {name}\(" if path.suffix == ".py" else rf'^name = "{name}"$'
    return not name or re.search(form, path.read_text("utf-8"), re.MULTILINE) is not None
