"""A ROUTER that answers as it is told: for what the real agent never does."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import zmq

WELCOME = {"v": 1, "type": "welcome", "session": "s", "agent": {"name": "fake", "version": "0"}}
WAIT_S = 10.0

Answer = Callable[[dict[str, Any]], list[bytes]]


class FakeAgent:
    """Answers each frame with ``verdict`` (its id replaced) or what ``answer`` says; keeps what comes in."""

    def __init__(
        self,
        verdict: dict[str, Any] | None = None,
        answer: Answer | None = None,
        address: str = "tcp://127.0.0.1:*",
        welcomes: bool = True,
    ) -> None:
        self.received: defaultdict[str, list[list[Any]]] = defaultdict(list)
        self._verdict = verdict
        self._answer = answer
        self._welcomes = welcomes
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.setsockopt(zmq.LINGER, 0)
        self._router.bind(address)
        self.address = self._router.getsockopt_string(zmq.LAST_ENDPOINT)
        self._failure: Exception | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FakeAgent:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._context.destroy(linger=0)
        if self._failure is not None:
            raise self._failure

    def wait_for(self, kind: str, count: int) -> None:
        end = time.monotonic() + WAIT_S
        while len(self.received[kind]) < count:
            assert time.monotonic() < end, f"only {len(self.received[kind])} of {count} x {kind}"
            time.sleep(0.01)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._router.poll(20):
                continue
            identity, head, *rest = self._router.recv_multipart()
            message = json.loads(head)
            self.received[message["type"]].append([message, *rest])
            for part in self._answers(message):
                self._router.send_multipart([identity, part])

    def _answers(self, message: dict[str, Any]) -> list[bytes]:
        if self._answer is not None:
            try:
                answers = self._answer(message)
            except Exception as failure:  # the test shall say why, not only that no answer came
                self._failure = failure
                answers = []
            if answers:
                return answers
        if message["type"] == "hello" and self._welcomes:
            return [json.dumps(WELCOME).encode()]
        if message["type"] == "frame" and self._verdict is not None:
            return [json.dumps({**self._verdict, "id": message["id"]}).encode()]
        return []
