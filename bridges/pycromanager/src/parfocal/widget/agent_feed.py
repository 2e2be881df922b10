"""The agent as a widget hears it: its records as they are published, and its page."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urldefrag
from urllib.request import ProxyHandler, Request, build_opener

import zmq

_MAX_WAITING = 10_000
"""Records that wait while the program is busy; the page knows those that are lost."""
_ANSWER_S = 3.0


class RecordFeed:
    """The records of an agent; ``poll`` never waits."""

    def __init__(self, publish: str) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, _MAX_WAITING)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"parfocal.v1.")
        self._socket.connect(publish)

    def poll(self, most: int = 500) -> list[dict[str, Any]]:
        """The records that came since, at most so many; messages that cannot be read are left out."""
        records: list[dict[str, Any]] = []
        while len(records) < most and not self._socket.closed:
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                record = json.loads(parts[-1])
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records

    def close(self) -> None:
        """Hears no more."""
        self._socket.close()


class AgentPage:
    """The agent's page: how the agent does, whole runs, and the pausing of gating.

    :param address: as the agent prints it, with the token behind the ``#`` where changes are allowed.
    """

    def __init__(self, address: str) -> None:
        base, fragment = urldefrag(address)
        self._base = base if base.endswith("/") else f"{base}/"
        self.token = fragment.removeprefix("token=") or None
        # The agent is on this computer, whatever proxy the environment names.
        self._opener = build_opener(ProxyHandler({}))

    def status(self) -> dict[str, Any]:
        """What the agent says of itself. :raises OSError: if it does not answer."""
        return self._ask(Request(f"{self._base}api/status"))

    def run(self, session: str) -> dict[str, Any]:
        """A whole run. :raises OSError: if it is not there."""
        return self._ask(Request(f"{self._base}api/runs/{quote(session, safe='')}"))

    def set_gating(self, on: bool) -> None:
        """Lets gating go on, or pauses it. :raises OSError: if the agent refuses; says why."""
        body = json.dumps({"what": "gating", "on": on}).encode()
        headers = {"authorization": f"Bearer {self.token}"}
        self._ask(Request(f"{self._base}api/control", data=body, headers=headers, method="POST"))

    def _ask(self, request: Request) -> dict[str, Any]:
        try:
            with self._opener.open(request, timeout=_ANSWER_S) as answer:
                found = json.load(answer)
        except HTTPError as error:
            raise OSError(_reason(error)) from error
        except ValueError as error:
            raise OSError(f"{self._base} is not the page of an agent") from error
        if not isinstance(found, dict):
            raise OSError(f"{self._base} is not the page of an agent")
        return found


def _reason(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return str(error)
