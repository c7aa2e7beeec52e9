"""A TCP proxy before a broker: requests pass; at random the answers are swallowed and the line is cut.

So the broker has done what was asked, and nobody was told. ``python fault_proxy.py LISTEN TARGET
MEAN_S LAST_S``: cuts every MEAN_S seconds on average, for LAST_S seconds, then it only forwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
import time

SILENCES_S = (0.03, 0.1, 0.5, 3.0)


class FaultProxy:
    def __init__(self, target: int) -> None:
        self._target = target
        self._deaf = False
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self.cuts = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        line = (writer, onward)
        self._lines.add(line)
        await asyncio.gather(
            self._pump(reader, onward, answers=False), self._pump(there, writer, answers=True)
        )
        self._lines.discard(line)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while block := await reader.read(65536):
                if not (answers and self._deaf):
                    writer.write(block)
                    await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    async def cut(self) -> None:
        """Swallow answers for a while, then drop every connection."""
        self._deaf = True
        await asyncio.sleep(random.choice(SILENCES_S))
        for here, there in list(self._lines):
            here.transport.abort()
            there.transport.abort()
        self._deaf = False
        self.cuts += 1
        print(self.cuts, flush=True)


async def main() -> None:
    listen, target, mean, last = (float(text) for text in sys.argv[1:5])
    proxy = FaultProxy(int(target))
    await asyncio.start_server(proxy.serve, "127.0.0.1", int(listen))
    end = time.monotonic() + last
    while time.monotonic() < end:
        await asyncio.sleep(random.expovariate(1 / mean))
        await proxy.cut()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
