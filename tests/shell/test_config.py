"""Settings: found, merged, refused in words. Mostly through the real command line."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests import program
from worker.cli.findings import find_all
from worker.config.load import effective, key_lines, load, load_feeds, load_settings
from worker.config.schema import Config, FeedConfig
from worker.core.domain.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "config" / "kabulwire.toml"
FEED = '[[feed]]\nid = "one"\nurl = "https://one.example/rss"\noutlet = "One"\nlang = "en"\n'


def kabulwire(
    *arguments: str, cwd: Path = ROOT, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the real program."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    return program.run(*arguments, cwd=cwd, env=clean | {"PYTHONPATH": str(ROOT)} | environ)


def written(folder: Path, text: str, feeds: str = FEED) -> Path:
    """A configuration folder with these two files."""
    (folder / "kabulwire.toml").write_text(text, "utf-8")
    (folder / "feeds.toml").write_text(feeds, "utf-8")
    return folder


def test_shipped_settings_show_every_key_with_its_default_and_a_comment() -> None:
    """config/kabulwire.toml and the defaults in code are the same settings."""
    shipped = load_settings(SHIPPED, {}).config
    assert shipped == Config(profile=shipped.profile)
    text = SHIPPED.read_text("utf-8")
    lines = text.splitlines()
    tables: list[tuple[str | None, type[BaseModel]]] = [(None, Config), *_sections()]
    for section, field in tables:
        start = lines.index(f"[{section}]") if section else 0
        end = next(
            (n for n in range(start + 1, len(lines)) if lines[n].startswith("[")), len(lines)
        )
        for name, info in field.model_fields.items():
            if section is None and isinstance(info.default, BaseModel):
                continue
            rows = [row for row in lines[start:end] if row.lstrip("# ").startswith(f"{name} =")]
            at = f"[{section}] {name}" if section else name
            assert rows, f"{at}: add the row to config/kabulwire.toml and docs/operate.md"
            assert len(rows) == 1, f"{at} stands in config/kabulwire.toml twice"
            assert rows[0].endswith(f"# {info.description}"), at


def _sections() -> list[tuple[str, type[BaseModel]]]:
    return [
        (name, type(info.default))
        for name, info in Config.model_fields.items()
        if isinstance(info.default, BaseModel)
    ]


def test_load_feeds_takes_the_shipped_feeds() -> None:
    """config/feeds.toml loads, forty feeds or more, a dozen of them enabled; each says where its outlet
    is at home."""
    feeds = load_feeds(ROOT / "config" / "feeds.toml")
    assert len(feeds) >= 40
    assert sum(feed.enabled for feed in feeds) >= 12
    assert all(re.fullmatch("[A-Z]{2}", feed.country or "") for feed in feeds)


def test_load_puts_flag_over_environment_over_file_over_default(tmp_path: Path) -> None:
    """Each layer wins over the ones below it, and `check --print` says which one it was."""
    folder = written(tmp_path, '[serve]\nport = 1\n[log]\nlevel = "error"\nformat = "json"\n')
    environ = {"KABULWIRE__SERVE__PORT": "2", "KABULWIRE__LOG__LEVEL": "debug"}
    loaded = load(folder, environ, {"log.level": "warning", "profile": None})
    assert (loaded.config.serve.port, loaded.config.log.level) == (2, "warning")
    shown = {key: (value, source) for key, value, source in effective(loaded)}
    assert shown["serve.port"] == (2, "environment")
    assert shown["log.level"] == ("warning", "flag")
    assert shown["log.format"] == ("json", f"{folder / 'kabulwire.toml'}:5")
    assert shown["topics.prefix"] == ("kabulwire", "default")


def test_check_reports_every_mistake_at_once_with_its_line(tmp_path: Path) -> None:
    """Wrong type, unknown key, unknown table: one line each, with file, line and suggestion."""
    text = (
        'profile = "portsmere"\n[ingest]\nallow_hosts = [\n  "a",\n]\ninterval_s = "often"\n'
        "host_spacng_s = 4\n[kafak]\nx = 1\n"
    )
    done = kabulwire("check", str(written(tmp_path, text)))
    assert done.returncode == 78
    file = tmp_path / "kabulwire.toml"
    assert f"{file}:6: [ingest] interval_s = 'often'" in done.stdout
    assert f"{file}:7: [ingest] unknown key 'host_spacng_s' (did you mean 'host_spacing_s'?)" in (
        done.stdout
    )
    assert f"{file}:8: unknown key 'kafak' (did you mean 'kafka'?)" in done.stdout


def test_run_refuses_a_misspelt_variable_with_the_right_name(tmp_path: Path) -> None:
    """An unknown KABULWIRE__ name must not silently mean the default."""
    folder = written(tmp_path, "")
    done = kabulwire("run", "--config", str(folder), KABULWIRE__KAFKA__BOOTSTRAP_SERVER="x:9092")
    assert done.returncode == 78
    assert "did you mean KABULWIRE__KAFKA__BOOTSTRAP_SERVERS?" in done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "KABULWIRE_KAFKA__BOOTSTRAP_SERVERS",
        "KABULWIRE_KAFKA_BOOTSTRAP_SERVERS",
        "KABULWIRE__KAFKA_BOOTSTRAP_SERVERS",
        "kabulwire_kafka_bootstrap_servers",
    ],
)
def test_check_refuses_a_variable_that_lacks_an_underscore(tmp_path: Path, name: str) -> None:
    """It would be ignored, and the messages went to files where a broker was meant."""
    done = kabulwire("check", str(written(tmp_path, "")), **{name: "x:9092"})
    assert done.returncode == 78
    assert f"environment {name}: " in done.stdout
    assert "did you mean KABULWIRE__KAFKA__BOOTSTRAP_SERVERS?" in done.stdout


def test_settings_take_variables_in_lower_case_and_leave_those_of_a_cluster(tmp_path: Path) -> None:
    """Kubernetes sets such names for a service called `kabulwire` or `kabulwire-kafka`."""
    environ = {
        "kabulwire__serve__port": "7",
        "KABULWIRE_PORT": "tcp://10.0.0.1:80",
        "KABULWIRE_SERVICE_PORT_HTTP": "80",
        "KABULWIRE_KAFKA_PORT_9092_TCP": "tcp://10.0.0.2:9092",
    }
    assert load_settings(written(tmp_path, ""), environ).config.serve.port == 7


def test_check_notes_intervals_of_which_one_does_not_count(tmp_path: Path) -> None:
    """All works, but not as the file reads."""
    text = "[ingest]\ninterval_s = 3\nmin_interval_s = 5\nmax_interval_s = 1\n"
    done = kabulwire("check", str(written(tmp_path, text)))
    assert done.returncode == 0
    assert "ingest.interval_s is 3, but ingest.min_interval_s is in force" in done.stdout
    assert "ingest.max_interval_s is 1, less than the interval" in done.stdout


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SERVE__PORT": "18911", "SERVE__PAGE_PORT": "18911"},
         "environment KABULWIRE__SERVE__PAGE_PORT: serve.page_port is 18911, as serve.port is"),
        ({"RUN__GRACE_S": "0"}, "[run] grace_s = '0': Input should be greater than 0"),
        ({"SANDBOX__MEMORY_MB": "10"}, "[sandbox] memory_mb = '10': Input should be greater than or"),
        ({"SANDBOX__WORKERS": "1000"}, "[sandbox] workers = '1000': Input should be less than or"),
        ({"INGEST__RECHECK_S": "900,100"}, "ingest.recheck_s has 100 behind 900"),
    ],
)  # fmt: skip
def test_check_and_run_refuse_settings_that_cannot_be(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    """A check approves nothing that a start would refuse, and the start is not tried again (78)."""
    folder, given = written(tmp_path, ""), {f"KABULWIRE__{k}": v for k, v in settings.items()}
    for command in ("check", "run"):
        done = kabulwire(command, "--config", str(folder), cwd=ROOT, **given)
        assert done.returncode == 78
        assert told in " ".join((done.stdout + done.stderr).split())


def test_run_names_the_line_of_broken_toml(tmp_path: Path) -> None:
    """A file that is no TOML is refused with its line, not with a traceback."""
    done = kabulwire("run", "--config", str(written(tmp_path, "[serve]\nport = = 3\n")))
    assert done.returncode == 78
    assert f"{tmp_path / 'kabulwire.toml'}:2:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("feeds", "told"),
    [
        (FEED.replace("url", "ulr"), "unknown key 'ulr' (did you mean 'url'?)"),
        (FEED + FEED, "listed twice"),
        (FEED.replace("url", "path").replace("https://one.example/rss", ""), "path = '': is empty"),
        (FEED + 'auth_file = ""\n', "auth_file = '': is empty"),
        (FEED + "interval_s = 0\n", "interval_s = '0': Input should be greater than 0"),
        (FEED.replace('"one"', '"a b"'), "letters, digits"),
        (FEED.replace("https:", "ftp:"), "no http or https address"),
        (FEED.replace("//one", "//me:secret@one"), "use auth_file"),
        (FEED + 'auth_file = "/nowhere/secret"\n', "auth_file /nowhere/secret cannot be read"),
        (FEED + 'default_tz = "Mars/Base"\n', "unknown time zone"),
        (
            FEED.replace('"en"', '"english"'),
            "no language code (did you mean 'en'?); those that are read are ar,",
        ),
        (
            FEED.replace('"en"', '"Persian"'),
            "lang 'Persian' is no language code (did you mean 'fa'?)",
        ),
        (FEED.replace('"en"', '""'), "lang '' is no language code;"),
        (FEED + 'kind = "rsss"\n', "did you mean 'rss'?"),
        (FEED.replace("[[feed]]", "[[feeds]]"), "write [[feed]]"),
        (FEED.replace('outlet = "One"\n', ""), "'outlet' is missing"),
        (
            FEED.replace('url = "https://one.example/rss"\n', ""),
            "exactly one of url, path and push",
        ),
    ],
)
def test_load_feeds_refuses_a_wrong_feed_with_its_line(
    tmp_path: Path, feeds: str, told: str
) -> None:
    """Each mistake in feeds.toml is named, with the file and a line of it."""
    path = tmp_path / "feeds.toml"
    path.write_text(feeds, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_feeds(path)
    assert told in str(caught.value)
    assert f"{path}:" in str(caught.value)


@pytest.mark.parametrize("lang", ["en-GB", "prs", "fa_AF", "pt-BR", "sv", "dari", "zh-Hant-TW"])
def test_load_feeds_takes_any_language_code(tmp_path: Path, lang: str) -> None:
    """Codes with a country or script, codes that no pack reads, and names that feeds use for one."""
    path = tmp_path / "feeds.toml"
    path.write_text(FEED.replace('"en"', f'"{lang}"'), "utf-8")
    assert [feed.lang for feed in load_feeds(path)] == [lang]


def test_check_notes_a_language_that_no_pack_reads(tmp_path: Path) -> None:
    """It is no fault: what such a feed brings is shown to a person, and `check` says so."""
    swedish = FEED.replace('"en"', '"sv-FI"').replace('"one"', '"two"')
    _, feeds = itertools.islice(find_all(str(written(tmp_path, "", FEED + swedish)), {}), 2)
    assert feeds.problems == ()
    assert [gap.partition(";")[0] for gap in feeds.gaps] == ["feed 'two': we do not read 'sv-FI'"]


def test_load_feeds_keeps_what_a_feed_says(tmp_path: Path) -> None:
    """All keys of a feed arrive, and the others keep their defaults."""
    path = tmp_path / "feeds.toml"
    path.write_text(FEED + "interval_s = 30\nfull_text = true\nenabled = false\n", "utf-8")
    (feed,) = load_feeds(path)
    assert feed == FeedConfig(
        id="one", url="https://one.example/rss", outlet="One", lang="en", interval_s=30.0,
        full_text=True, enabled=False,
    )  # fmt: skip


_ASKED = 'security_protocol = "SASL_SSL"\nsasl_mechanism = "PLAIN"\nsasl_username = "wire"\n'


def test_check_masks_secrets(tmp_path: Path) -> None:
    """`check --print` shows that a password is set, not which; neither does the value's repr."""
    secret = "s3cr3t-of-the-broker"
    done = kabulwire(
        "check", str(written(tmp_path, f"[kafka]\n{_ASKED}")), "--print", "--json",
        KABULWIRE__KAFKA__SASL_PASSWORD=secret,
    )  # fmt: skip
    assert done.returncode == 0
    rows = {row["key"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["kafka.sasl_password"] == {
        "key": "kafka.sasl_password", "value": "********", "source": "environment",
    }  # fmt: skip
    loaded = load(tmp_path, {"KABULWIRE__KAFKA__SASL_PASSWORD": secret})
    assert secret not in done.stdout + repr(loaded) + str(loaded.config.model_dump())


def test_load_reads_a_password_file(tmp_path: Path) -> None:
    """kafka.sasl_password_file gives the password without its line end; a missing one is refused."""
    (tmp_path / "pw").write_text("hush\n", "utf-8")
    folder = written(tmp_path, f'[kafka]\n{_ASKED}sasl_password_file = "{tmp_path / "pw"}"\n')
    assert load(folder, {}).config.kafka.sasl_password.get_secret_value() == "hush"
    (tmp_path / "pw").unlink()
    with pytest.raises(ConfigError, match="sasl_password_file"):
        load(folder, {})


SECRET = "hush-of-the-broker"


def test_load_settings_never_echoes_a_password_in_an_error(tmp_path: Path) -> None:
    """A password of a wrong type, or beside another mistake, is not in what the operator reads."""
    wrong: list[tuple[str, dict[str, str]]] = [
        (f'[kafka]\nsasl_password = ["{SECRET}"]\n', {}),
        (f'[kafka]\nsasl_password = {{ value = "{SECRET}" }}\n', {}),
        (f'[kafka]\nsasl_pasword = "{SECRET}"\n', {}),
        ("[kafka]\nsasl_password = 20310304\n", {}),
        ('kafka = "x"\n', {"KABULWIRE__KAFKA__SASL_PASSWORD": SECRET}),
        ('[serve]\nport = "x"\n', {"KABULWIRE__KAFKA__SASL_PASSWORD": SECRET}),
        ("", {"KABULWIRE__KAFKA__SASL_PASWORD": SECRET}),
    ]
    for text, environ in wrong:
        with pytest.raises(ConfigError) as caught:
            load_settings(written(tmp_path, text), environ)
        assert SECRET not in str(caught.value), text
        assert "20310304" not in str(caught.value), text


def test_once_without_a_feed_says_so_and_leaves(tmp_path: Path) -> None:
    """An empty feeds.toml is no fault: nothing is polled, what waits is worked on, exit code 0."""
    done = kabulwire(
        "once", "--config", str(written(tmp_path, "", feeds="")), cwd=tmp_path,
        KABULWIRE__SERVE__PORT="0", KABULWIRE__STORE__PATH=str(tmp_path / "store.db"),
        KABULWIRE__FILES__DIR=str(tmp_path / "topics"),
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "no feed is enabled: nothing is polled" in done.stderr


def test_load_splits_a_list_of_the_environment_at_commas(tmp_path: Path) -> None:
    """A list setting is a comma-separated variable."""
    environ = {"KABULWIRE__INGEST__ALLOW_HOSTS": "a.example, b.example"}
    loaded = load(written(tmp_path, ""), environ)
    assert loaded.config.ingest.allow_hosts == ("a.example", "b.example")


def test_check_finds_the_configuration_in_the_documented_order(tmp_path: Path) -> None:
    """--config, KABULWIRE_CONFIG, ./config, else the copy that came with the program."""
    named, other, here = (tmp_path / name for name in ("named", "other", "config"))
    for port, folder in enumerate((named, other, here), 1):
        folder.mkdir()
        written(folder, f"[serve]\nport = {port}\n")

    def port_of(*arguments: str, **environ: str) -> int:
        done = kabulwire("check", "--print", "--json", *arguments, cwd=tmp_path, **environ)
        rows = {row["key"]: row["value"] for row in map(json.loads, done.stdout.splitlines())}
        return int(rows["serve.port"])

    assert port_of("--config", str(named), KABULWIRE_CONFIG=str(other)) == 1
    assert port_of(KABULWIRE_CONFIG=str(other)) == 2
    assert port_of() == 3
    (here / "kabulwire.toml").unlink()
    assert port_of() == 8080


def test_run_refuses_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    """A folder without settings and feeds, or no folder at all, ends with exit code 78."""
    for where in (tmp_path, tmp_path / "missing"):
        done = kabulwire("run", "--config", str(where))
        assert (done.returncode, str(where) in done.stderr) == (78, True)


def test_key_lines_counts_through_nested_and_long_values() -> None:
    """Tables, arrays of tables, long arrays and long strings keep the count of lines."""
    text = (
        'a = 1\nb = [\n  1,\n]\n[t]\nc = """\nx = 1\n"""\nd = "[" # [\n[[f]]\ne = 1\n[[f]]\ne = 2\n'
    )
    lines = key_lines(text)
    assert lines == {
        ("a",): 1, ("b",): 2, ("t",): 5, ("t", "c"): 6, ("t", "d"): 9, ("f", 0): 10,
        ("f", 0, "e"): 11, ("f", 1): 12, ("f", 1, "e"): 13,
    }  # fmt: skip
