"""Who we are to the broker, and what we say when it turns us away; real Kafka with TLS and users."""

from __future__ import annotations

import functools
import itertools
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.broker import oracle
from tests.broker.publishing_process import config
from tests.broker.secured_broker import USERS, Authority, Right, SecuredBroker
from tests.broker.test_publish import Publishing
from tests.broker.token_server import TokenServer, handing_out
from worker.config.schema import Config, Kafka
from worker.core.domain.errors import PublishError
from worker.core.knowledge.knowledge import Knowledge
from worker.publish.kafka import client as client
from worker.publish.kafka import topics

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]
ROOT = Path(__file__).resolve().parents[2]
USER, WORD = next(iter(USERS.items()))


@functools.cache
def documented() -> tuple[Right, ...]:
    """The list of docs/operate.md, by running its lines with a `kafka-acls.sh` that only echoes."""
    text = (ROOT / "docs/operate.md").read_text("utf-8")
    lines = text.split("<!-- rights -->")[1].split("```sh")[1].split("```")[0]
    script = f'kafka_acls() {{ echo "$@"; }}\n{lines.replace("kafka-acls.sh", "kafka_acls")}'
    done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=True)
    found: list[Right] = []
    for line in done.stdout.splitlines():
        words = line.split()
        kind = "TOPIC" if "--topic" in words else "TRANSACTIONAL_ID"
        for option, operation in itertools.pairwise(words):
            if option == "--operation":
                spelt = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()
                found.append((kind, words[-1], spelt))
    return tuple(found)


def rights(prefix: str, instance: str = "w1", *, optional: bool = False) -> tuple[Right, ...]:
    """What a worker must be allowed; or what it may be allowed besides."""
    return tuple(
        (kind, name.replace("kabulwire.", f"{prefix}.").replace("worker-1", instance), operation)
        for kind, name, operation in documented()
        if (operation == "DESCRIBE_CONFIGS") == optional
    )


class Door:
    """The settings by which a user comes in, with secrets in files of its own."""

    def __init__(self, broker: SecuredBroker, folder: Path) -> None:
        self.broker, self.folder = broker, folder
        self.stranger = Authority(folder / "stranger")

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(f"{text}\n", "utf-8")
        return path

    def sasl(self, mechanism: str, **more: Any) -> Kafka:
        told = {"bootstrap_servers": self.broker.sasl, "security_protocol": "SASL_SSL",
                "sasl_mechanism": mechanism, "ssl_cafile": self.broker.authority.file}  # fmt: skip
        return Kafka(**{**told, **more})

    def password(self, mechanism: str, word: str = WORD, **more: Any) -> Kafka:
        path = self.file("password", word)
        return self.sasl(mechanism, sasl_username=USER, sasl_password_file=path, **more)

    def token(self, text: str) -> Kafka:
        return self.sasl("OAUTHBEARER", sasl_oauth_token_file=self.file("token", text))

    def mutual(self, signed_by: Authority | None = None, lock: str = "", **how: Any) -> Kafka:
        signer = signed_by or self.broker.authority
        both = signer.certify(USER, password=lock, stem=f"c{uuid.uuid4().hex[:6]}", **how)
        paths = [shutil.copy(path, self.folder / f"own.{path.suffix}") for path in both]
        more = {"ssl_key_password_file": self.file("lock", lock)} if lock else {}
        return Kafka(bootstrap_servers=self.broker.mutual, security_protocol="SSL",
                     ssl_cafile=self.broker.authority.file, ssl_certfile=paths[0],
                     ssl_keyfile=paths[1], **more)  # fmt: skip


@pytest.fixture
def door(secured: SecuredBroker, tmp_path: Path) -> Door:
    return Door(secured, tmp_path)


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def wanted(secured: SecuredBroker, prefix: str, tmp_path: Path) -> Config:
    """A worker's settings with topics that are there, and all that it may do granted."""
    made = config(tmp_path / "store.db", secured.bootstrap, prefix, deadline_s=3)
    topics.ensure(made)
    secured.grant(*rights(prefix))
    return made


@pytest.fixture
def publishing() -> Iterator[Callable[..., Publishing]]:
    made: list[Publishing] = []

    def start(wanted: Config, kafka: Kafka, knowledge: Knowledge | None = None) -> Publishing:
        made.append(Publishing(wanted.model_copy(update={"kafka": kafka})))
        made[-1].publisher._knowledge = knowledge
        if knowledge is None:
            made[-1].write(3)
        made[-1].publisher.start()
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for a broker for a moment: it is there, and says the same each time."""
    monkeypatch.setattr(client, "BOOTSTRAP_MS", 700)


def told_once_all_is_there(one: Publishing, broker: SecuredBroker, reason: str) -> dict[str, Any]:
    """It went on without a restart: everything arrived once; stop and recovery were told once."""
    one.until(lambda: one.waiting() == 0 and one.publisher.problem is None)
    assert oracle.judge(one.config.store.path, broker.bootstrap, one.config.topics.prefix).clean
    assert not one.publisher.needs_person()
    assert len(one.events("publish.recovered")) == 1
    (failed,) = one.events("publish.failed")
    assert failed["reason"] == reason
    return failed


WAYS: dict[str, Callable[[Door], Kafka]] = {
    "PLAIN": lambda d: d.password("PLAIN"),
    "SCRAM-SHA-512": lambda d: d.password("SCRAM-SHA-512"),
    "token of a file": lambda d: d.token(d.broker.authority.token(USER)),
    "certificate": lambda d: d.mutual(),
    "certificate with a locked key": lambda d: d.mutual(lock="0pen"),
}


@pytest.mark.parametrize("way", WAYS)
def test_publisher_reaches_the_topics_by_each_way_in(
    way: str, door: Door, wanted: Config, publishing: Any
) -> None:
    """With TLS and a password, a token or a certificate of our own, every row arrives once."""
    one = publishing(wanted, WAYS[way](door))
    one.until(lambda: one.waiting() == 0)
    assert one.publisher.stop(20)
    prefix = wanted.topics.prefix
    assert oracle.judge(wanted.store.path, door.broker.bootstrap, prefix).clean
    assert not one.events("publish.failed")


def test_publisher_renews_tokens_that_are_asked_for_in_time(
    door: Door, wanted: Config, publishing: Any
) -> None:
    """Tokens live four seconds and the broker hangs up on old ones: one session logs in anew by
    itself, again and again, and publishing never stops."""
    lives_s = 4.0
    server = TokenServer(lambda: door.broker.authority.token(USER, lives_s=lives_s), USER, WORD)
    server.lives_s = lives_s
    with handing_out(server):
        one = publishing(wanted, door.password("OAUTHBEARER", sasl_oauth_token_url=server.url))
        one.until(lambda: one.waiting() == 0)
        at_first = len(server.asked)
        one.until(lambda: len(server.asked) >= at_first + 1)
        one.write(3, seed=2)
        one.until(lambda: one.waiting() == 0)
    prefix = wanted.topics.prefix
    assert oracle.judge(wanted.store.path, door.broker.bootstrap, prefix).clean
    assert not one.events("publish.failed")


REFUSED: dict[str, tuple[Callable[[Door], Kafka], str, str, str]] = {
    "wrong password": (lambda d: d.password("PLAIN", "no"),
                       "not_authenticated", "Invalid username or password", "kafka.sasl_"),
    "wrong password, SCRAM": (lambda d: d.password("SCRAM-SHA-512", "no"),
                              "not_authenticated", "invalid credentials", "kafka.sasl_"),
    "mechanism that is not offered": (lambda d: d.password("SCRAM-SHA-256"),
                                      "not_authenticated", "mechanism", "kafka.sasl_mechanism"),
    "token signed by a stranger": (lambda d: d.token(d.stranger.token(USER)),
                                   "not_authenticated", "invalid_token", "token"),
    "token that is over": (lambda d: d.token(d.stranger.token(USER, lives_s=-90)),
                           "not_authenticated", "expired", "new token"),
    "broker of an unknown authority": (lambda d: d.sasl("PLAIN", sasl_username=USER,
                                       sasl_password="x", ssl_cafile=d.stranger.file),
                                       "tls_failed", "not trusted", "kafka.ssl_cafile"),
    "broker's certificate is over": (lambda d: Kafka(bootstrap_servers=d.broker.stale,
                                     security_protocol="SSL", ssl_cafile=d.broker.authority.file),
                                     "tls_failed", "has expired", "certificate renewed"),
    "broker under another name": (lambda d: Kafka(bootstrap_servers=d.broker.misnamed,
                                  security_protocol="SSL", ssl_cafile=d.broker.authority.file),
                                  "tls_failed", "for another name", "kafka.bootstrap_servers"),
    "no certificate of ours": (lambda d: Kafka(bootstrap_servers=d.broker.mutual,
                               security_protocol="SSL", ssl_cafile=d.broker.authority.file),
                               "tls_failed", "wants to see a certificate", "kafka.ssl_certfile"),
    "certificate of a stranger": (lambda d: d.mutual(d.stranger),
                                  "tls_failed", "not trusted by the broker", "kafka.ssl_certfile"),
    "own certificate is over": (lambda d: d.mutual(expired=True),
                                "tls_failed", "our certificate has expired", "kafka.ssl_certfile"),
    "plain to a door with TLS": (lambda d: Kafka(bootstrap_servers=d.broker.mutual),
                                 "tls_failed", "expects TLS", "kafka.security_protocol"),
    "TLS to a plain door": (lambda d: Kafka(bootstrap_servers=d.broker.bootstrap,
                            security_protocol="SSL", ssl_cafile=d.broker.authority.file),
                            "broker_unavailable", "Handshake failed", "kafka.bootstrap_servers"),
    "a mechanism where none is asked for": (lambda d: d.password("PLAIN").model_copy(update={
                                            "bootstrap_servers": d.broker.bootstrap,
                                            "security_protocol": "SASL_PLAINTEXT"}),
                                            "not_authenticated", "this mechanism", "listener"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_check_names_why_we_were_turned_away(case: str, door: Door, impatient: None) -> None:
    """Each refusal has its reason, a detail that says what is wrong, and the setting to look at;
    the password is in none of them."""
    make, reason, detail, advice = REFUSED[case]
    wanted = config(door.folder / "none.db", "", "t")
    client.GATE.forget()
    with pytest.raises(PublishError) as caught:
        topics.check(wanted.model_copy(update={"kafka": make(door)}))
    assert caught.value.reason == reason, caught.value
    assert detail in str(caught.value)
    assert advice in caught.value.advice
    assert WORD not in str(caught.value)


Mend = Callable[[], object]


def password_corrected(door: Door) -> tuple[Kafka, Mend]:
    return door.password("SCRAM-SHA-512", "mistyped"), lambda: door.file("password", WORD)


def password_written(door: Door) -> tuple[Kafka, Mend]:
    kafka = door.password("PLAIN")
    (door.folder / "password").unlink()
    return kafka, lambda: door.file("password", WORD)


def token_renewed(door: Door) -> tuple[Kafka, Mend]:
    stale = door.broker.authority.token(USER, lives_s=-60)
    return door.token(stale), lambda: door.file("token", door.broker.authority.token(USER))


def certificate_replaced(door: Door) -> tuple[Kafka, Mend]:
    return door.mutual(expired=True), door.mutual


def authority_replaced(door: Door) -> tuple[Kafka, Mend]:
    trusted = door.file("trusted", door.stranger.file.read_text("utf-8"))
    right = door.broker.authority.file.read_text("utf-8")
    return door.password("PLAIN", ssl_cafile=trusted), lambda: door.file("trusted", right)


MENDED = {
    password_corrected: "not_authenticated",
    password_written: "no_password",
    token_renewed: "not_authenticated",
    certificate_replaced: "tls_failed",
    authority_replaced: "tls_failed",
}


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case.__name__)
def test_publisher_takes_a_replaced_file_without_a_restart(
    case: Callable[[Door], tuple[Kafka, Mend]], door: Door, wanted: Config, publishing: Any,
    impatient: None,
) -> None:  # fmt: skip
    """Publishing stops with a reason that calls for a person; what comes in meanwhile is kept. Once
    the file is right everything is sent, once, by the same process."""
    kafka, mend = case(door)
    one = publishing(wanted, kafka)
    one.until(lambda: one.publisher.problem is not None)
    assert one.publisher.needs_person()
    held = one.waiting()
    one.write(2, seed=9)
    assert one.waiting() > held
    mend()
    told_once_all_is_there(one, door.broker, MENDED[case])
