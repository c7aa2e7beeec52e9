"""Why the broker turned us away, in words that name the setting or the right that is wrong.

Example: the client raises "Unable to bootstrap" and logs ``[SSL: CERTIFICATE_VERIFY_FAILED] …
certificate has expired``. The operator reads ``tls_failed: the broker's certificate has expired``
and what to do about it.

Theory of operation
-------------------
While it looks for a broker kafka-python logs the true reason, tries again, and raises no more than
a timeout. So an error is judged together with what was heard of the client meanwhile
(``kafka.GATE``). Of a missing right the broker tells the kind of resource only; which operation was
tried is known to the caller, who hands it in.

Rules
-----
1. ``reason`` is from a bounded set; ``drain.NEEDS_A_PERSON`` holds those that no waiting mends.
2. A sentence never holds a secret: it is made of names, paths and the broker's own words.
3. What might pass by itself (an end in the middle of a handshake: a broker going down) is no
   failure of TLS.
"""

from __future__ import annotations

import re

from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from worker.core.domain.errors import PublishError

_CUT = 300
_LISTENER = "Compare kafka.security_protocol and kafka.sasl_mechanism with the broker's listener."
_COMPLAINTS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"SaslAuthenticationFailed",
        "not_authenticated",
        "the broker refused name, password or token",
        "Check kafka.sasl_*; the file of the password or token is read again for each try.",
    ),
    (
        r"UnsupportedSaslMechanism|IllegalSaslState",
        "not_authenticated",
        "the broker's listener does not take this mechanism",
        _LISTENER,
    ),
    (
        r"certificate has expired",
        "tls_failed",
        "the broker's certificate has expired",
        "Have the broker's certificate renewed; look at the clock of this machine, too.",
    ),
    (
        r"(?:Hostname|IP address) mismatch",
        "tls_failed",
        "the broker's certificate is for another name",
        "Use a name that stands on it in kafka.bootstrap_servers and advertised.listeners.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "tls_failed",
        "the broker's certificate is not trusted",
        "kafka.ssl_cafile must hold the authority that signed it.",
    ),
    (
        r"ALERT_CERTIFICATE_REQUIRED",
        "tls_failed",
        "the broker wants to see a certificate of ours",
        "Set kafka.ssl_certfile and kafka.ssl_keyfile.",
    ),
    (
        r"ALERT_(?:BAD_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)",
        "tls_failed",
        "our certificate is not trusted by the broker",
        "kafka.ssl_certfile must be signed by an authority that the broker trusts.",
    ),
    (
        r"Topic \S+ not found in cluster metadata",
        "topic_missing",
        "a topic was deleted",
        "It is made anew, or run `kabulwire topics ensure`.",
    ),
    (
        r"Invalid frame length: 352518912",  # a TLS alert, read as the length of an answer
        "tls_failed",
        "the broker's listener expects TLS",
        "Set kafka.security_protocol to SSL or SASL_SSL.",
    ),
    (
        r"\[SSL: (?!UNEXPECTED_EOF)",
        "tls_failed",
        "no TLS connection could be made",
        "Compare kafka.ssl_* and kafka.security_protocol with the broker's listener.",
    ),
)
_TELLING = re.compile("|".join(pattern for pattern, *_ in _COMPLAINTS))


def is_telling(text: str) -> str:
    """The part of a client's log line that says why we were turned away; "" when none does."""
    found = _TELLING.search(text)
    return text[found.start() :][:_CUT] if found else ""


def in_words(error: BaseException) -> str:
    """What it is and what it says; the client's own errors begin with what they are."""
    told, kind = str(error), type(error).__name__
    return told if kind in told else f"{kind}: {told}"


def name(
    error: BaseException, heard: str, operation: str = "", transactional_id: str = ""
) -> PublishError:
    """The error of ours. ``operation``: what was being done, as an access list calls it."""
    if isinstance(error, PublishError):
        return error
    if (right := _missing_right(error)) is not None:
        return _unauthorized(right, operation, transactional_id)
    told = in_words(error)
    if turned_away := _turned_away(is_telling(told) or is_telling(heard)):
        return turned_away
    if isinstance(error, UnknownTopicOrPartitionError):
        return PublishError("topic_missing", told[:_CUT], "Run `kabulwire topics ensure`.")
    if heard and isinstance(error, KafkaError):
        told = f"{told} ({heard})"
    return PublishError(
        "broker_unavailable",
        told[:_CUT],
        "Check kafka.bootstrap_servers and the brokers.",
    )


def _turned_away(complaint: str) -> PublishError | None:
    for pattern, reason, what, advice in _COMPLAINTS:
        if re.search(pattern, complaint):
            return PublishError(reason, f"{what} ({complaint})"[:_CUT], advice)
    return None


def _missing_right(error: BaseException) -> AuthorizationError | None:
    """The client wraps what happened in a transaction into the error of the next call."""
    if isinstance(error, AuthorizationError):
        return error
    inner = (part for part in error.args if isinstance(part, BaseException))
    return next(filter(None, map(_missing_right, inner)), None)


def _unauthorized(error: BaseException, operation: str, transactional_id: str) -> PublishError:
    doing = operation or "access"
    if isinstance(error, TopicAuthorizationFailedError):
        where = f"topic {_topics(error)}"
    elif isinstance(error, TransactionalIdAuthorizationFailedError):
        where = f"transactional id {transactional_id}".rstrip()
    elif isinstance(error, ClusterAuthorizationFailedError):
        where = "the cluster"
    else:
        where = str(error)
    advice = f"Grant this user {doing} on {where} (docs/operate.md has the list)"
    if operation == "CREATE":
        advice += ", or let another one run `kabulwire topics ensure`"
    return PublishError("not_authorized", f"this user may not {doing} {where}"[:_CUT], f"{advice}.")


def _topics(error: BaseException) -> str:
    """The client puts a name, or a set of names, into the error."""
    names = error.args[0] if error.args else ""
    if isinstance(names, set | frozenset | list | tuple):
        return ", ".join(sorted(map(str, names)))
    return str(names)
