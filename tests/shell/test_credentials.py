"""What we show the broker: files that cannot be used are named, tokens are asked for and kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.broker.kafka_broker import free_port
from tests.broker.secured_broker import Authority
from tests.broker.token_server import TokenServer, handing_out
from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError
from worker.publish.kafka import tokens
from worker.publish.kafka.client import connection


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def mutual(authority: Authority, **how: Any) -> dict[str, Any]:
    certificate, key = authority.certify("wire", **how)
    return {"security_protocol": "SSL", "ssl_certfile": certificate, "ssl_keyfile": key,
            "ssl_cafile": authority.file}  # fmt: skip


def refused(**settings: Any) -> PublishError:
    with pytest.raises(PublishError) as caught:
        connection(Kafka(**settings))
    return caught.value


def test_connection_names_a_file_that_cannot_be_used(authority: Authority, tmp_path: Path) -> None:
    """No file, no PEM, the key of another certificate, a certificate that is over: `tls_failed`,
    with setting and path."""
    good = mutual(authority)
    noise = tmp_path / "noise"
    noise.write_text("no certificate", "utf-8")
    other = mutual(authority, stem="other")["ssl_keyfile"]
    cases = [
        (good | {"ssl_cafile": tmp_path / "gone"}, "kafka.ssl_cafile"),
        (good | {"ssl_cafile": noise}, "kafka.ssl_cafile"),
        (good | {"ssl_certfile": tmp_path / "gone"}, "kafka.ssl_certfile"),
        (good | {"ssl_keyfile": noise}, "kafka.ssl_keyfile"),
        (good | {"ssl_keyfile": other}, "is not the key of ssl_certfile"),
        (mutual(authority, expired=True, stem="old"), "has expired"),
    ]
    for settings, told in cases:
        error = refused(**settings)
        assert (error.reason, told in str(error)) == ("tls_failed", True), error
    assert connection(Kafka(**good))["ssl_context"]


def test_connection_opens_a_locked_key_by_its_password_file_only(
    authority: Authority, tmp_path: Path
) -> None:
    """Without the file, or with a wrong word in it, the setting is named (and nobody is asked on a
    terminal); with the right one the key opens."""
    locked = mutual(authority, password="0pen", stem="locked")
    lock = tmp_path / "lock"
    assert "ssl_key_password_file" in str(refused(**locked))
    lock.write_text("wrong\n", "utf-8")
    named = locked | {"ssl_key_password_file": lock}
    assert "does not open" in str(refused(**named))
    lock.write_text("0pen\n", "utf-8")
    assert connection(Kafka(**named))["ssl_context"]


def test_connection_reads_the_secret_each_time(tmp_path: Path) -> None:
    """The password of the file as it is now; none when the file is gone or empty."""
    secret = tmp_path / "secret"
    kafka = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_username": "wire",
             "sasl_password_file": secret}  # fmt: skip
    for word in ("first", "second"):
        secret.write_text(f"{word}\n", "utf-8")
        assert connection(Kafka(**kafka))["sasl_plain_password"] == word
    secret.write_text("\n", "utf-8")
    assert refused(**kafka).reason == "no_password"
    secret.unlink()
    assert refused(**kafka).reason == "no_password"


@pytest.fixture
def server(authority: Authority) -> Iterator[TokenServer]:
    made = iter(range(100))
    with handing_out(TokenServer(lambda: f"token-{next(made)}", "wire", "s3:same & more")) as one:
        yield one


def asking(server: TokenServer, **more: Any) -> Kafka:
    told = {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER",
            "sasl_username": server.client, "sasl_password": SecretStr(server.secret),
            "sasl_oauth_token_url": server.url, "sasl_oauth_scope": "kafka write"}  # fmt: skip
    return Kafka(**{**told, **more})


def test_provider_asks_for_a_token_once_and_again_before_it_is_over(server: TokenServer) -> None:
    """Client credentials as RFC 6749 has them, scope included; the token is kept for most of its
    life and then replaced."""
    server.lives_s = 1.0
    provider = tokens.provider(asking(server))
    assert provider.token() == "token-0"
    assert server.asked == [{"grant_type": "client_credentials", "scope": "kafka write"}]
    end = time.monotonic() + 20
    while provider.token() == "token-0" and time.monotonic() < end:
        time.sleep(0.05)
    assert provider.token() == "token-1"


def test_connection_names_a_server_that_gives_no_token(server: TokenServer) -> None:
    """A refused client is `not_authenticated`; a server that is busy, sends us elsewhere or is not
    there is as an absent broker. The secret is in no message and goes nowhere else."""
    wrong = refused(**asking(server, sasl_password=SecretStr("guessed")).model_dump())
    assert (wrong.reason, "401 invalid_client" in str(wrong)) == ("not_authenticated", True)
    assert "sasl_oauth_scope" in wrong.advice
    found = [wrong]
    for server.status in (503, 307, 302):
        found.append(refused(**asking(server).model_dump()))
    gone = asking(server, sasl_oauth_token_url=f"http://127.0.0.1:{free_port()}/token")
    found.append(refused(**gone.model_dump()))
    assert [error.reason for error in found[1:]] == ["token_unavailable"] * 4
    assert server.asked == []
    assert not any(word in str(error) for error in found for word in ("guessed", "s3:same"))


@pytest.mark.parametrize("made", ["", "two words", "line\nbreak", "späß"])
def test_connection_shows_nothing_that_is_no_token(
    made: str, server: TokenServer, tmp_path: Path
) -> None:
    """Neither from the server nor from a file: it would break the login's own form."""
    server.make = lambda: made
    assert refused(**asking(server).model_dump()).reason == "no_token"
    file = tmp_path / "token"
    file.write_text(made, "utf-8")
    told = {"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER"}
    assert refused(**told, sasl_oauth_token_file=file).reason == "no_token"


def test_provider_reads_a_token_of_a_file_at_each_login(
    authority: Authority, tmp_path: Path
) -> None:
    """A projected token is replaced on disk; one that is over is named with its age."""
    file = tmp_path / "token"
    kafka = Kafka(security_protocol="SASL_SSL", sasl_mechanism="OAUTHBEARER",
                  sasl_oauth_token_file=file)  # fmt: skip
    file.write_text(authority.token("wire") + "\n", "utf-8")
    provider = tokens.provider(kafka)
    newer = authority.token("other")
    file.write_text(newer, "utf-8")
    assert provider.token() == newer
    file.write_text(authority.token("wire", lives_s=-5), "utf-8")
    with pytest.raises(PublishError, match=r"the token expired \d+ s ago"):
        provider.token()
