"""A TCP proxy that adds latency, for kernels without netem.

It delays each direction by half of the latency, so a round trip takes one latency longer. It does not limit
the bandwidth.
"""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16


class DelayingProxy:
    """Listens on a free port of 127.0.0.1 and forwards to one address, as a context manager.

    + port: the port it listens on
    + latency: the seconds that it adds to a round trip
    """

    def __init__(self, address: str, port: int = 22, *, latency: float) -> None:
        self.latency = latency
        self._target = (address, port)
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._forward_connection, "127.0.0.1", 0)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._shut_down())
        self._loop.close()

    async def _shut_down(self) -> None:
        self._server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _forward_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        try:
            # The end of the proxy cancels this task; asyncio would report that as an error.
            with suppress(asyncio.CancelledError):
                await asyncio.gather(
                    self._forward(reader, target_writer), self._forward(target_reader, writer)
                )
        finally:
            for end in (writer, target_writer):
                end.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward each piece half a latency after its arrival, without a delay of the next one."""
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.create_task(self._send(pieces, writer))
        with suppress(ConnectionError):
            while True:
                data = await reader.read(_CHUNK)
                pieces.put_nowait((self._loop.time() + self.latency / 2, data))
                if not data:
                    break
        await sending

    async def _send(
        self, pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while True:
                due, data = await pieces.get()
                await asyncio.sleep(due - self._loop.time())
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()
