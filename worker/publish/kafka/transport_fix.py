"""What the broker says before it hangs up is read, and not thrown away.

Example: a broker answers "wrong password" and closes. Both arrive together, and kafka-python 3.0.12
sees the end first: it drops the answer and reports "socket disconnected". With SCRAM that happened
in five of five tries (measured), so nobody could be told that the password is wrong.

Rule
----
The transports give back what they have read; the end is met again at the next read. When the
client no longer has this method nothing is changed (``tests/broker/test_client_defects.py`` tells).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from kafka.net import transport

_METHOD = "_sock_recv"
_Receive = Callable[[Any], tuple[bytes, Exception | None]]


def keep() -> None:
    """Make the client's transports do so; once is enough."""
    for kind in (transport.KafkaTCPTransport, transport.KafkaSSLTransport):
        receive = vars(kind).get(_METHOD)
        if receive is not None and not hasattr(receive, "__wrapped__"):
            setattr(kind, _METHOD, _keeping(receive))


def _keeping(receive: _Receive) -> _Receive:
    @functools.wraps(receive)
    def receive_first(self: Any) -> tuple[bytes, Exception | None]:
        data, error = receive(self)
        return data, None if data else error

    return receive_first
