"""What an operator deploys: the image, compose and the cluster's manifest agree with the program."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests import program
from worker.config.load import load_feeds, load_settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
MANIFEST = ROOT / "deploy/k8s/kabulwire.yml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OBJECTS: dict[str, Any] = {
    found["kind"]: found for found in yaml.safe_load_all(MANIFEST.read_text("utf-8"))
}
(CONTAINER,) = OBJECTS["StatefulSet"]["spec"]["template"]["spec"]["containers"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["worker"]


def needed(requirements: Iterable[str]) -> set[str]:
    """Names of all packages that these come down to, on this interpreter."""
    found: set[str] = set()
    left = [Requirement(text) for text in requirements]
    while left:
        one = left.pop()
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        if name in found or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        left += map(Requirement, requires(name) or ())
    return found


def test_image_holds_no_tool_that_only_builds() -> None:
    """What the lock brings for building alone is taken away again, and pip and setuptools with it."""
    project = PROJECT["project"]
    building = needed(project["optional-dependencies"]["build"]) - needed(project["dependencies"])
    taken = re.findall(r"pip uninstall --yes --quiet ((?:\\\n|[^&\n\\])+)", DOCKERFILE)
    names = {name for text in taken for name in re.findall(r"[a-z][\w-]+", text)}
    assert names == building | {"pip", "setuptools"}


def test_image_has_the_python_that_locks_and_types_are_made_for() -> None:
    """One version in the image's stages, `make lock`, mypy and the lowest that is promised."""
    stages = set(re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE))
    locked = set(re.findall(r"--python-version ([\d.]+)", (ROOT / "Makefile").read_text("utf-8")))
    lowest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert stages == locked == {PROJECT["tool"]["mypy"]["python_version"]} == {lowest}


def test_health_is_checked_whatever_the_format_of_the_image() -> None:
    """The OCI format drops HEALTHCHECK: compose says the same again."""
    command = re.findall(r"HEALTHCHECK .* CMD (\[.*\])", DOCKERFILE)
    assert ["CMD", *json.loads(command[0])] == COMPOSE["healthcheck"]["test"]


def test_cluster_sets_settings_that_exist_and_feeds_that_pass() -> None:
    """Each variable of the manifest is a setting, and its ConfigMap holds feeds as they must be."""
    named = {row["name"]: row.get("value", "kabulwire-0") for row in CONTAINER["env"]}
    feeds = named.pop("KABULWIRE__FEEDS__FILE")
    assert load_settings(ROOT / "config", named).config.instance == "kabulwire-0"
    mounts = {row["name"]: row["mountPath"] for row in CONTAINER["volumeMounts"]}
    assert Path(feeds).parent == Path(mounts["settings"])


def test_cluster_feeds_are_read(tmp_path: Path) -> None:
    """The example in the ConfigMap is a feed."""
    file = tmp_path / "feeds.toml"
    file.write_text(OBJECTS["ConfigMap"]["data"]["feeds.toml"], "utf-8")
    assert len(load_feeds(file)) == 1


def test_cluster_and_compose_leave_a_refused_start_alone() -> None:
    """Neither can tell 78 from other exit codes, so there is none: the process stays, not ready."""
    assert CONTAINER["args"] == COMPOSE["command"] == ["run", "--wait-when-refused"]


def test_cluster_and_compose_wait_longer_than_a_worker_drains() -> None:
    """Who is killed while it drains loses nothing, but leaves work for the next start."""
    grace_s = load_settings(ROOT / "config", {}).config.run.grace_s
    waits = OBJECTS["StatefulSet"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert COMPOSE["stop_grace_period"] == f"{waits}s"
    assert waits > grace_s + 10
    assert COMPOSE["restart"] == "unless-stopped"


def test_cluster_limits_what_a_worker_may_use_and_reach() -> None:
    """Limits of processor, memory and disk; no inner address but name server and broker."""
    assert set(CONTAINER["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    policy = OBJECTS["NetworkPolicy"]["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    (world,) = [rule for rule in policy["egress"] if "ipBlock" in rule["to"][0]]
    inner = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}
    assert inner <= set(world["to"][0]["ipBlock"]["except"])


def test_cluster_has_nothing_critical_for_kube_score() -> None:
    """kube-score, where it is installed, finds nothing critical."""
    tool = shutil.which("kube-score")
    if tool is None:
        pytest.skip("kube-score is not installed; the manifest was not judged")
    done = subprocess.run(
        [tool, "score", "--output-format", "ci", str(MANIFEST)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in done.stdout.splitlines() if line.startswith("[CRITICAL]")] == []
    assert "[OK]" in done.stdout


def asked(port: int, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["profile", "setting", "store", "feeds"])
@pytest.mark.parametrize("told_by", ["variable", "file"])
def test_refused_start_stays_alive_and_tells_why(tmp_path: Path, told_by: str, wrong: str) -> None:
    """Alive, not ready with the reason, until a signal; then 78. It listens where the worker would,
    whatever is wrong. Without the option 78 at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    profile = "atlantis" if wrong == "profile" else str(ROOT / "tests/profiles/portsmere")
    (tmp_path / "store.db").write_text("no store " * 50 if wrong == "store" else "", "utf-8")
    (tmp_path / "feeds.toml").write_text("[[feed]\n" if wrong == "feeds" else "", "utf-8")
    (tmp_path / "kabulwire.toml").write_text(
        f'profile = "{profile}"\n[store]\npath = "store.db"\n'
        f"[ingest]\ntimeout_s = {0 if wrong == 'setting' else 20}\n"
        f"[serve]\nport = {port if told_by == 'file' else 1}\n",
        "utf-8",
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KABULWIRE")}
    env = clean | {"PYTHONPATH": str(ROOT)}
    if told_by == "variable":
        env["KABULWIRE__SERVE__PORT"] = str(port)
    command = ["run", "--config", str(tmp_path)]
    assert program.run(*command, env=env, cwd=tmp_path).returncode == 78
    process = program.start(*command, "--wait-when-refused", env=env, cwd=tmp_path)
    try:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            try:
                live, ready = asked(port, "/livez"), asked(port, "/readyz")
                break
            except OSError:
                time.sleep(0.2)
        assert live[0] == 200
        assert ready[0] == 503
        reason = {
            "profile": "no profile 'atlantis'",
            "setting": "timeout_s",
            "store": "store.db is not a store",
            "feeds": "feeds.toml:1",
        }
        assert reason[wrong] in ready[1]["problems"][0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 78
    finally:
        process.kill()
        process.wait()
