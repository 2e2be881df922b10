"""A way to the agent on which answers may be held up."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class SlowWay:
    """Passes bytes on between clients and the agent; while ``held`` is set, none from the agent."""

    def __init__(self, agent_address: str) -> None:
        host, port = agent_address.removeprefix("tcp://").rsplit(":", 1)
        self._agent = (host, int(port))
        self._open = threading.Event()
        self._open.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets = [self._server]
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> SlowWay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.set()
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def hold(self) -> None:
        """From here on nothing comes from the agent."""
        self._open.clear()

    def release(self) -> None:
        """All that was held comes now."""
        self._open.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                agent = socket.create_connection(self._agent)
                self._sockets += [client, agent]
                for source, target, is_answer in ((client, agent, False), (agent, client, True)):
                    threading.Thread(
                        target=self._pass_on, args=(source, target, is_answer), daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer:
                    self._open.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
