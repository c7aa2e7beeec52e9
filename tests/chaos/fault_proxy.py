"""A TCP proxy before a broker that cuts *after a chosen request was applied*, and before anybody knows.

``python fault_proxy.py LISTEN TARGET MEAN_S [KINDS]``. An ``EndTxn`` passes to the broker, the
broker commits and answers; the answer goes nowhere and every connection is cut. One line of JSON
tells each cut: ``{"cut": "EndTxn", "silence_s": 0.1, "counts": {"Produce": 3, "EndTxn": 3, …}}``.

Rules
-----
1. Requests and answers are Kafka frames: int32 size, then (request) int16 api key, int16 version,
   int32 correlation id, or (answer) int32 correlation id. Frames pass whole and unchanged.
2. The kinds take turns, so that each gets its share; the next turn begins MEAN_S seconds after the
   last on average. After SIGUSR1 it only forwards.
3. Only an answer without an error counts: a request that the broker refused was not applied.
4. Between the swallowed answer and the cut there is silence, of 0.03 to 9 s, each in its turn. A
   client that is told at once asks again, and the broker knows what it did; after more than its
   request timeout (2 s), or the deadline outside (8 s), the session is over and the ledger decides.
5. ``moment`` is one more kind: a cut at any moment, whatever was under way.
6. The broker talks to itself through here too, and its own ``AddPartitionsToTxn`` (version 4 and
   newer) asks and applies nothing: it is no client's.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import signal
import struct
import sys
from collections import Counter
from dataclasses import dataclass, field

KINDS = {"Produce": 0, "InitProducerId": 22, "AddPartitionsToTxn": 24, "EndTxn": 26}
MOMENT = "moment"
_FLEXIBLE = {0: 9, 22: 2, 24: 3, 26: 3}
"""From this version on lengths are compact and headers of answers carry tagged fields."""
_NEWEST = {24: 3}
SILENCES_S = (3.0, 0.1, 9.0, 0.03, 0.5)
PATIENCE_S = 30


@dataclass(eq=False)
class Line:
    """One connection of a client and ours to the broker. ``awaited``: correlation id → version of
    the request whose answer shall not arrive.
    """

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    awaited: dict[int, int] = field(default_factory=dict)


class FaultProxy:
    """Forwards frames; cuts when it was told a kind and one of that kind was applied."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lines: set[Line] = set()
        self._kind = ""
        self._deaf = False
        self._applied = asyncio.Event()
        self.used = asyncio.Event()
        self.counts: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self.used.set()
        line = Line(writer, onward)
        self._lines.add(line)
        await asyncio.gather(self._requests(reader, line), self._answers(there, line))
        self._lines.discard(line)

    async def _requests(self, reader: asyncio.StreamReader, line: Line) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while frame := await _frame(reader):
                api, version, correlation = struct.unpack_from(">hhi", frame)
                if api == KINDS.get(self._kind) and version <= _NEWEST.get(api, version):
                    line.awaited[correlation] = version
                await _pass_on(line.broker, frame)
        line.broker.close()

    async def _answers(self, reader: asyncio.StreamReader, line: Line) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while frame := await _frame(reader):
                version = line.awaited.pop(struct.unpack_from(">i", frame)[0], None)
                if version is not None and self._kind in KINDS and not self._deaf:
                    self._deaf = error_code(KINDS[self._kind], version, frame) == 0
                    if self._deaf:
                        self._applied.set()
                if not self._deaf:
                    await _pass_on(line.client, frame)
        line.client.close()

    async def cut_after(self, kind: str) -> None:
        """Wait until a request of this kind was applied, be silent for a while, cut every line."""
        self._applied.clear()
        self._kind = kind
        if kind == MOMENT:
            self._deaf = True
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._applied.wait(), PATIENCE_S)
            if not self._deaf:  # none came: another kind's turn
                self._kind = ""
                return
        silence = SILENCES_S[self.counts[kind] % len(SILENCES_S)]
        await asyncio.sleep(silence)
        for line in list(self._lines):
            line.awaited.clear()
            line.client.transport.abort()
            line.broker.transport.abort()
        self._kind, self._deaf = "", False
        self.counts[kind] += 1
        told = {"cut": kind, "silence_s": silence, "counts": dict(self.counts)}
        print(json.dumps(told), flush=True)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)


async def _pass_on(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)
    await writer.drain()


def error_code(api: int, version: int, answer: bytes) -> int:
    """The first error code in an answer of one of the four kinds."""
    flexible = version >= _FLEXIBLE[api]
    at = 5 if flexible else 4
    if api != KINDS["Produce"]:
        at += 4  # throttle_time_ms
    if api in (KINDS["Produce"], KINDS["AddPartitionsToTxn"]):
        at = _first_partition(answer, at, flexible) + 4  # past its number
    return int(struct.unpack_from(">h", answer, at)[0])


def _first_partition(answer: bytes, at: int, flexible: bool) -> int:
    """Where the first partition of the first topic begins. Counts and names are short here: one byte
    holds the compact ones (a name of up to 126 bytes).
    """
    if flexible:
        return at + 1 + answer[at + 1] + 1
    (length,) = struct.unpack_from(">h", answer, at + 4)
    return at + 4 + 2 + int(length) + 4


async def main() -> None:
    listen, target, mean = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    kinds = sys.argv[4].split(",") if len(sys.argv) > 4 else [*KINDS, MOMENT]
    proxy, enough = FaultProxy(target), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, enough.set)
    await asyncio.start_server(proxy.serve, "127.0.0.1", listen)
    await proxy.used.wait()
    for kind in itertools.cycle(kinds):
        await asyncio.sleep(random.expovariate(1 / mean))
        if enough.is_set():
            break
        await proxy.cut_after(kind)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
