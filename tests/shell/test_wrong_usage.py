"""Wrong usages of the command line: one line each, the right exit code, and what to do."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from worker import cli
from worker.store.connect import Binding, open_writer

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "tests" / "profiles" / "portsmere"
AWAY = "127.0.0.1:1"
LOST = "nohost.invalid:9092"

# command line → exit code, words that the line must hold
WRONG: dict[str, tuple[int, str]] = {
    "anlyze": (2, "Did you mean 'analyze'? see `kabulwire --help`"),
    "feeds lst": (2, "Did you mean 'list'? see `kabulwire feeds --help`"),
    "--verison": (2, "--version"),
    "version --verbose": (2, "`kabulwire version --help`"),
    "run --log-level loud": (2, "'debug', 'info', 'warning', 'error'"),
    "run --log-format xml": (2, "'auto', 'json', 'console'"),
    "run --confg here": (2, "--config"),
    "run now": (2, "unexpected extra argument(s) (now)"),
    "run --config": (2, "requires an argument"),
    "run -c nowhere": (78, "nowhere: no such file or folder; see --config"),
    "run -c folder": (78, "holds neither kabulwire.toml nor feeds.toml"),
    "run --profile atlantis": (78, "no profile 'atlantis': looked for profile.toml in"),
    "demo --profile atlantis": (78, "no profile 'atlantis'"),
    "once --feed nofeed": (78, "see `feeds list`"),
    "once --feed": (2, "requires an argument; see `kabulwire once --help`"),
    "incidents list --limit": (2, "requires an argument; see `kabulwire incidents list --help`"),
    "topics republish --yess": (2, "--yes"),
    "parse": (2, "Missing argument 'PATH…'"),
    "analyze nofile.jsonl": (66, "nofile.jsonl: No such file"),
    "analyze folder": (66, "folder: Is a directory"),
    "analyze --profile atlantis": (78, "no profile 'atlantis'"),
    "analyze --reed": (2, "--read"),
    "explain": (2, "Missing argument 'source'"),
    "explain nofile.html": (66, "nofile.html: No such file"),
    "explain http://l.example:18100/a": (65, "blocked_url: port 18100; only http and https"),
    "explain http://l.example:18100/b": (65, "ingest.allow_loopback"),
    "explain empty.jsonl -c nowhere": (78, "see --config"),
    "analyze empty.jsonl -c nowhere": (78, "see --config"),
    "parse empty.jsonl -c nowhere": (78, "see --config"),
    "explain ftp://l.example/a": (2, "an address begins with http:// or https://"),
    "replay": (2, "Missing argument 'FILE…'"),
    "replay empty.jsonl": (2, "Missing option '--out'"),
    "replay nofile.jsonl --out out": (66, "nofile.jsonl: No such file"),
    "replay empty.jsonl --out empty.jsonl/out": (74, "empty.jsonl/out: Not a directory"),
    "retry": (65, "there are: none at all (`kabulwire retry --list`)"),
    "retry a1b2": (65, "no dead letter of a1b2"),
    "retry --reason deadline": (65, "there are: none at all"),
    "train": (2, "Missing argument 'FILE…'"),
    "train nofile.jsonl": (66, "nofile.jsonl: No such file"),
    "train empty.jsonl": (65, "needs 20 articles of each kind"),
    "train bad.jsonl": (65, "bad.jsonl:1: not_json"),
    "feeds import nofile.opml": (66, "nofile.opml: No such file"),
    "feeds list -c nowhere": (78, "see --config or KABULWIRE_CONFIG"),
    "topics ensure": (78, "kafka.bootstrap_servers is not set"),
    "topics check": (78, "kafka.bootstrap_servers is not set"),
    "tail --forever": (2, "`kabulwire tail --help`"),
    "store info -c other": (78, "`kabulwire run` makes one, or see store.path"),
    "store check -c junk": (78, "junk.db is not a store"),
    "store compact -c other": (78, "no store at"),
    "store export --articles": (2, "No such option: --articles"),
    "incidents show kw-none": (65, "no incident kw-none"),
    "incidents list --limit many": (2, "valid integer"),
    "incidents list --limit 0": (2, "greater than or equal to 1"),
    "incidents merge kw-a": (2, "Missing argument 'other'"),
    "incidents merge kw-a kw-a": (65, "kw-a was given twice"),
    "incidents merge kw-a kw-b": (65, "no incident kw-a with reports"),
    "incidents split kw-a b": (65, "no incident kw-a with reports"),
    "incidents confirm none": (65, "no article none in the store"),
    "incidents retract kw-none": (65, "no incident kw-none with reports"),
    "healthy --timeout-s soon": (2, "'soon' is no number; see `kabulwire healthy --help`"),
    "healthy --shop x": (2, "No such option or argument: --shop"),
    "healthy --store": (2, "requires an argument"),
    "healthy --store none.db": (1, "no worker: none.db.run does not exist"),
    "topics republish -c other": (78, "no store at"),
}
WRONG_SETTINGS: dict[tuple[str, str, str], tuple[int, str]] = {
    ("run", "SERVE__PORT", "many"): (78, "KABULWIRE__SERVE__PORT: [serve] port = 'many'"),
    ("run", "NOPE__X", "1"): (78, "KABULWIRE__NOPE__X: unknown setting"),
    ("run", "STORE__PATH", ""): (78, "KABULWIRE__STORE__PATH: [store] path = '': is empty; name a"),
    ("store info", "STORE__PATH", " "): (78, "[store] path = ' ': is empty; name a place, or"),
    ("run", "STORE__PATH", "/"): (78, "[store] path = '/': is a folder; name a file in it"),
    ("run", "FILES__DIR", ""): (78, "KABULWIRE__FILES__DIR: [files] dir = '': is empty"),
    ("run", "FEEDS__FILE", ""): (78, "KABULWIRE__FEEDS__FILE: [feeds] file = '': is empty"),
    ("run", "INGEST__TIMEOUT_S", "0"): (78, "timeout_s = '0': Input should be greater than 0"),
    ("run", "PUBLISH__DEADLINE_S", "0"): (78, "deadline_s = '0': Input should be greater than 0"),
    ("topics compact", "KAFKA__BOOTSTRAP_SERVERS", AWAY): (78, "compacts its topics by itself"),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, an empty store, files that are no input, and nothing of the machine's."""
    for name in ("empty.jsonl", "bad.jsonl"):
        (tmp_path / name).write_text("{oops\n" if name == "bad.jsonl" else "", "utf-8")
    (tmp_path / "junk.db").write_text("no store " * 50, "utf-8")
    (tmp_path / "folder").mkdir()
    for name, store in (("config", "store.db"), ("other", "none.db"), ("junk", "junk.db")):
        (tmp_path / name).mkdir()
        text = f'profile = "{CITY}"\n[store]\npath = "{store}"\n'
        (tmp_path / name / "kabulwire.toml").write_text(text, "utf-8")
        (tmp_path / name / "feeds.toml").write_text("", "utf-8")
    open_writer(tmp_path / "store.db", Binding("files", "worker-1", "portsmere")).close()
    for name in [name for name in os.environ if name.startswith("KABULWIRE")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def left_with(line: str, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(sys, "argv", ["kabulwire", *line.split()])
    root = logging.getLogger()
    before = root.handlers[:], root.level, signal.getsignal(signal.SIGTERM)
    root.handlers[:] = []
    try:
        with pytest.raises(SystemExit) as left:
            cli.main()
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        signal.signal(signal.SIGTERM, before[2])
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
    return left.value.code


def test_every_wrong_command_line_is_one_line_with_its_code_and_what_to_do(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No box, no usage, no traceback: `kabulwire: what is wrong; what to do`, and nothing on stdout."""
    assert len(WRONG) >= 42
    told = {}
    for line, (code, words) in WRONG.items():
        left = left_with(line, monkeypatch)
        out, err = capfd.readouterr()
        one = err.count("\n") == 1 and err.startswith("kabulwire: ")
        if not (left == code and words in err and one and out == ""):
            told[line] = (left, err, out)
    assert told == {}


@pytest.mark.parametrize(("line", "setting", "value"), WRONG_SETTINGS)
def test_every_wrong_setting_is_one_line_with_its_code_and_what_to_do(
    line: str, setting: str, value: str, desk: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The variable is named, or what is wrong with its value."""
    code, words = WRONG_SETTINGS[line, setting, value]
    monkeypatch.setenv(f"KABULWIRE__{setting}", value)
    assert left_with(line, monkeypatch) == code
    err = capfd.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def kabulwire(shell: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run by a shell, in which ``kabulwire`` is the program."""
    script = f'kabulwire() {{ "{sys.executable}" -m worker "$@"; }}\n{shell}'
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    return subprocess.run(
        ["bash", "-c", script], cwd=cwd, env=clean | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_an_output_that_cannot_be_written_is_told_in_one_line(desk: Path) -> None:
    """A full disk is 74; a reader that has seen enough, and a closed stream, are no failures."""
    full = kabulwire("kabulwire version > /dev/full", desk)
    assert (full.returncode, full.stderr.count("\n")) == (74, 1)
    assert "the output cannot be written: No space left on device" in full.stderr
    listed = kabulwire("kabulwire check --print > /dev/full", desk)
    assert (listed.returncode, listed.stderr.count("\n")) == (74, 1)
    cut = kabulwire("set -o pipefail; kabulwire check --print --json | head -n 1", desk)
    assert (cut.returncode, cut.stderr, cut.stdout.count("\n")) == (0, "", 1)
    closed = kabulwire("kabulwire version >&-; echo $?; kabulwire retry 2>&-; echo $?", desk)
    assert (closed.stdout, closed.stderr) == ("0\n65\n", "")


@pytest.mark.parametrize("line", ["topics check", "topics ensure", "tail --no-follow"])
def test_a_broker_that_is_away_is_told_in_one_line(line: str, desk: Path) -> None:
    """69 with the address, a name that nobody knows or a port that nobody hears; no line of its client."""
    address = LOST if line == "topics ensure" else AWAY
    away = kabulwire(f"KABULWIRE__KAFKA__BOOTSTRAP_SERVERS={address} kabulwire {line}", desk)
    assert (away.returncode, away.stderr.count("\n")) == (69, 1), away.stderr
    assert address in away.stderr
    assert "Check kafka.bootstrap_servers" in away.stderr


def test_version_is_an_option_too(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`--version` says what `version` says; completion can be had."""
    assert left_with("--version", monkeypatch) == 0
    option = capfd.readouterr().out
    assert left_with("version", monkeypatch) == 0
    assert option == capfd.readouterr().out
    assert left_with("--help", monkeypatch) == 0
    assert "--install-completion" in capfd.readouterr().out


def test_a_site_whose_name_is_unknown_is_away(desk: Path) -> None:
    """No answer of the name server is 69, and the page is named; a page that is no page is 65."""
    lost = kabulwire("kabulwire explain https://nohost.invalid/a", desk)
    assert (lost.returncode, lost.stderr.count("\n")) == (69, 1)
    assert "https://nohost.invalid/a" in lost.stderr
    assert "dns" in lost.stderr
