"""Settings of the broker's security: what contradicts itself is refused, with the settings named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.test_config import kabulwire, written
from worker.config.load import load_settings
from worker.core.domain.errors import ConfigError

SASL = 'security_protocol = "SASL_SSL"\n'
OAUTH = SASL + 'sasl_mechanism = "OAUTHBEARER"\n'
NAMED = 'sasl_username = "wire"\nsasl_password = "s3same"\n'
REFUSED = {
    "authority without TLS": ('ssl_cafile = "{f}"', "ssl_cafile is set, but security_protocol"),
    "certificate without its key": (
        'security_protocol = "SSL"\nssl_certfile = "{f}"', "ssl_certfile and ssl_keyfile go"),
    "key without its certificate": (
        'security_protocol = "SSL"\nssl_keyfile = "{f}"', "ssl_certfile and ssl_keyfile go"),
    "password of no key": (
        'security_protocol = "SSL"\nssl_key_password_file = "{f}"', "no ssl_keyfile"),
    "mechanism without SASL": (
        'security_protocol = "SSL"\nsasl_mechanism = "PLAIN"\n' + NAMED, "asks nobody's name"),
    "name without SASL": (
        'sasl_username = "wire"\nsasl_password = "s3same"', "sasl_username is set, but security_protocol"),
    "password without SASL": (
        'security_protocol = "SSL"\nsasl_password = "s3same"', "sasl_password is set, but"),
    "file of a password without SASL": ('sasl_password_file = "{f}"', "sasl_password_file is set, but"),
    "SASL without mechanism": (SASL + NAMED, "SASL_SSL needs sasl_mechanism"),
    "no name": (SASL + 'sasl_mechanism = "PLAIN"\nsasl_password = "x"', "needs sasl_username"),
    "no password": (
        SASL + 'sasl_mechanism = "PLAIN"\nsasl_username = "x"', "needs sasl_password_file"),
    "two passwords": (
        SASL + 'sasl_mechanism = "PLAIN"\n' + NAMED + 'sasl_password_file = "{f}"', "both set"),
    "no token": (OAUTH, "needs exactly one of sasl_oauth_token_file and sasl_oauth_token_url"),
    "two tokens": (
        OAUTH + NAMED + 'sasl_oauth_token_file = "{f}"\nsasl_oauth_token_url = "https://a/"',
        "exactly one"),
    "client without secret": (
        OAUTH + 'sasl_username = "x"\nsasl_oauth_token_url = "https://a/"', "sasl_password_file"),
    "token for another mechanism": (
        SASL + 'sasl_mechanism = "PLAIN"\nsasl_oauth_token_file = "{f}"\n' + NAMED,
        "sasl_mechanism is not OAUTHBEARER"),
    "scope without server": (
        OAUTH + 'sasl_oauth_token_file = "{f}"\nsasl_oauth_scope = "s"', "no sasl_oauth_token_url"),
    "secret in the clear": (
        OAUTH + NAMED + 'sasl_oauth_token_url = "http://tokens.example/"', "https address"),
    "secret in the address": (
        OAUTH + NAMED + 'sasl_oauth_token_url = "https://me:s3same@a/"', "without user and"),
    "file that is not there": (
        'security_protocol = "SSL"\nssl_cafile = "{f}.gone"', "No such file"),
    "address without a port": ('bootstrap_servers = "a:1,nohost"', "'nohost' is no host:port"),
    "port that is none": ('bootstrap_servers = "a:99999"', "'a:99999' is no host:port"),
    "file that is empty": ('security_protocol = "SSL"\nssl_cafile = "{e}"', "the file is empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_load_settings_refuses_broker_settings_that_do_not_fit(case: str, tmp_path: Path) -> None:
    """The message has file and line and the settings to change, and no secret."""
    text, told = REFUSED[case]
    full, empty = tmp_path / "full", tmp_path / "empty"
    full.write_text("something", "utf-8")
    empty.write_text("\n", "utf-8")
    body = text.replace("{f}", str(full)).replace("{e}", str(empty))
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, f"[kafka]\n{body}\n"), {})
    assert told in str(caught.value)
    assert f"{tmp_path / 'kabulwire.toml'}:" in str(caught.value)
    assert "s3same" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        SASL + 'sasl_mechanism = "SCRAM-SHA-512"\n' + NAMED,
        OAUTH + NAMED + 'sasl_oauth_token_url = "https://tokens.example/t"\nsasl_oauth_scope = "s"',
        OAUTH + NAMED + 'sasl_oauth_token_url = "http://127.0.0.1:9/t"',
        OAUTH + 'sasl_oauth_token_file = "{f}"',
        'security_protocol = "SSL"\nssl_cafile = "{f}"\nssl_certfile = "{f}"\nssl_keyfile = "{f}"',
        'security_protocol = "SASL_PLAINTEXT"\nsasl_mechanism = "PLAIN"\n' + NAMED,
    ],
)
def test_load_settings_takes_each_documented_way_to_the_broker(text: str, tmp_path: Path) -> None:
    """Each documented way to the broker loads."""
    full = tmp_path / "full"
    full.write_text("something", "utf-8")
    body = text.replace("{f}", str(full))
    assert load_settings(written(tmp_path, f"[kafka]\n{body}\n"), {}).config.kafka.security_protocol


def test_run_does_not_start_with_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    """Exit code 78 and one sentence with the variable's name, no traceback."""
    done = kabulwire(
        "run", "--config", str(written(tmp_path, "")),
        KABULWIRE__KAFKA__SECURITY_PROTOCOL="SSL",
        KABULWIRE__KAFKA__SSL_CAFILE=str(tmp_path / "gone.pem"),
    )  # fmt: skip
    assert done.returncode == 78
    assert "environment KABULWIRE__KAFKA__SSL_CAFILE" in done.stderr
    assert "gone.pem: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr
