"""The Parfocal agent as a process beside an acquisition."""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from parfocal.program import command_line

_log = logging.getLogger("parfocal.agent")
# The levels of the agent's log, one every ten, are shifted against Python's.
_LEVEL_SHIFT = 10
_SHOWN_LINES = 20


class AgentError(RuntimeError):
    """The agent did not start; says what it said."""


class Agent:
    """Runs an agent on free ports of this computer while the ``with`` block runs.

    What it logs goes to Python's logger ``parfocal.agent``.

    :param results: folder for ``results.jsonl`` and ``sites.csv``, of this agent alone; by default
        ``parfocal-results``.
    :param model: name of a shipped model, or a folder of your own.
    :param config: configuration file (YAML); its addresses are not used.
    :param dashboard_port: of the page; 0 picks a free one.
    :param flags: more arguments of ``parfocal agent``, such as ``["--folder", "images"]``.
    :param start_s: how long it may take to be ready, seconds.
    """

    #: Where controllers connect (``FocusClient(agent.address)``).
    address: str
    #: Where subscribers of events connect.
    publish: str
    #: The dashboard in a browser.
    dashboard: str
    #: The file with a line for each frame, and the one with a row for each site.
    results: Path
    sites: Path

    def __init__(
        self,
        results: str | os.PathLike[str] | None = None,
        *,
        model: str | os.PathLike[str] | None = None,
        config: str | os.PathLike[str] | None = None,
        dashboard_port: int = 0,
        flags: Sequence[str] = (),
        start_s: float = 60.0,
    ) -> None:
        self._args = ["--address", "tcp://127.0.0.1:*", "--publish", "tcp://127.0.0.1:*"]
        self._args += ["--dashboard-port", str(dashboard_port)]
        for flag, value in {"--results": results, "--model": model, "--config": config}.items():
            if value is not None:
                self._args += [flag, os.fspath(value)]
        self._args += flags
        self._start_s = start_s
        self._process: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=_SHOWN_LINES)

    def start(self) -> None:
        """Starts the agent and waits until it takes frames.

        :raises AgentError: when it ends, or is not ready in time.
        :raises ProgramMissingError: when this installation has no agent.
        """
        if self.is_running:
            return
        self._process = subprocess.Popen(
            command_line("agent", *self._args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        lines: queue.Queue[str | None] = queue.Queue()
        assert self._process.stdout is not None and self._process.stderr is not None
        logs = threading.Thread(target=self._pass_on, args=(self._process.stderr,), daemon=True)
        logs.start()
        threading.Thread(target=_read, args=(self._process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=self._start_s)
        except queue.Empty:
            self.stop()
            raise AgentError(
                f"the agent is not ready after {self._start_s:g} s{self._last_words()}"
            ) from None
        if line is None:
            code = self._process.wait()
            logs.join(timeout=1)
            raise AgentError(f"the agent ended with {code} before it was ready{self._last_words()}")
        ready = json.loads(line)
        self.address = ready["addresses"]["zeromq"]
        self.publish = ready["addresses"]["publish"]
        self.dashboard = ready["addresses"]["dashboard"]
        self.results = Path(ready["results"])
        self.sites = Path(ready["sites"])

    def stop(self, within_s: float = 20.0) -> None:
        """Lets the agent finish what it has, and ends it. A second call does nothing."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def is_running(self) -> bool:
        """False before the start, after the stop, and when the agent ended by itself."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Agent:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _pass_on(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._said.append(line.rstrip())
                try:
                    entry = json.loads(line)
                    level, text = int(entry["level"]) - _LEVEL_SHIFT, str(entry["msg"])
                except (ValueError, KeyError, TypeError):
                    level, text = logging.INFO, line.rstrip()
                _log.log(level, text)

    def _last_words(self) -> str:
        return "".join(f"\n  {line}" for line in self._said)


def _read(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    """Reads to the end, so that the agent never waits for a reader; None tells the end."""
    with stream:
        for line in stream:
            lines.put(line)
    lines.put(None)
