"""What we trust and what we show: TLS from its files, the password from its own, read anew each time.

Example: ``kafka.ssl_certfile`` is replaced on disk. The next session shows the new certificate; the
worker was not restarted.

Rules
-----
1. Nothing is kept between two sessions: a file that is replaced counts from the next one on.
2. A file that cannot be used is a ``PublishError`` that names its setting, before anybody is asked.
   A certificate of ours that has expired is one too: all that a broker says of it is "unknown".
3. A locked key never makes OpenSSL ask on the terminal.
"""

from __future__ import annotations

import datetime as dt
import re
import ssl
from pathlib import Path

from worker.config.schema import Kafka
from worker.core.domain.errors import PublishError

_TLS = ("SSL", "SASL_SSL")
_TIME = rb"(?:\x17\x0d|\x18\x0f)(\d{12}(?:\d\d)?)Z"
_VALIDITY = re.compile(rb"\x30[\x1e\x20\x22]" + _TIME + _TIME, re.DOTALL)
"""Two times in a row: in the DER of a certificate only its validity is that."""
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def password(kafka: Kafka) -> str:
    """The password for SASL. Raises ``PublishError`` no_password."""
    if kafka.sasl_password_file is None:
        return kafka.sasl_password.get_secret_value()
    return read_secret(kafka.sasl_password_file, "sasl_password_file", "no_password")


def read_secret(path: Path, setting: str, reason: str) -> str:
    """What a file holds, without the ends of lines. Raises ``PublishError`` with this reason."""
    try:
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError(
            reason,
            f"kafka.{setting}: {path}: {_why(error)}",
            f"Make kafka.{setting} readable for the worker.",
        ) from error
    if not secret:
        raise PublishError(reason, f"kafka.{setting}: {path} is empty", "Write the secret into it.")
    return secret


def tls(kafka: Kafka) -> ssl.SSLContext | None:
    """How TLS is spoken, or None when it is not. Raises ``PublishError`` tls_failed."""
    if kafka.security_protocol not in _TLS:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if kafka.ssl_cafile is None:
        context.load_default_certs()
    else:
        trust(context, kafka.ssl_cafile)
    if kafka.ssl_certfile is not None and kafka.ssl_keyfile is not None:
        _show(context, kafka, kafka.ssl_certfile, kafka.ssl_keyfile)
    return context


def trust(context: ssl.SSLContext, cafile: Path) -> None:
    """Trust whom this file names. Raises ``PublishError`` tls_failed."""
    try:
        _read(cafile, "ssl_cafile")
        context.load_verify_locations(cafile)
    except ssl.SSLError as error:
        raise _failed(
            "ssl_cafile", cafile, f"holds no certificate (PEM): {error.reason}"
        ) from error


def _show(context: ssl.SSLContext, kafka: Kafka, certfile: Path, keyfile: Path) -> None:
    certificate = _read(certfile, "ssl_certfile")
    _read(keyfile, "ssl_keyfile")
    lock = kafka.ssl_key_password_file
    secret = read_secret(lock, "ssl_key_password_file", "no_password") if lock else ""
    try:
        context.load_cert_chain(certfile, keyfile, password=lambda: secret)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _failed("ssl_keyfile", keyfile, "is not the key of ssl_certfile") from error
        told = "does not open with ssl_key_password_file" if lock else "or ssl_certfile is no PEM"
        locked = "" if lock else ", or the key is locked (ssl_key_password_file)"
        raise _failed("ssl_keyfile", keyfile, f"{told}{locked}") from error
    end = _end_of(certificate)
    if end is not None and end < dt.datetime.now(dt.UTC):
        raise _failed("ssl_certfile", certfile, f"our certificate has expired, on {end:%Y-%m-%d}")


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _failed(setting, path, _why(error)) from error


def _end_of(pem: bytes) -> dt.datetime | None:
    """When the first certificate of a file ends; None when that cannot be told."""
    found = _CERTIFICATE.search(pem)
    validity = _VALIDITY.search(ssl.PEM_cert_to_DER_cert(found[0].decode())) if found else None
    if validity is None:
        return None
    digits = validity[2].decode()
    if len(digits) == 12:  # two digits of the year: before 2050, as X.509 has it
        digits = ("20" if digits < "50" else "19") + digits
    return dt.datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "is not UTF-8"


def _failed(setting: str, path: Path, told: str) -> PublishError:
    return PublishError(
        "tls_failed", f"kafka.{setting}: {path}: {told}", f"Mend or replace kafka.{setting}."
    )
