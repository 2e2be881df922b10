"""Fixtures: a real agent in its own process, a real core with beads."""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.register_assert_rewrite("transcripts")

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = ROOT / "test" / "contract"
AGENT = ROOT / "dist" / "cli" / "main.js"
START_S = 60.0
# Agents side by side must not ask for the same port.
os.environ.setdefault("PARFOCAL_DASHBOARD__PORT", "0")


def skip_or_fail(reason: str) -> None:
    """Skips where a part is missing; in CI all parts must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def needs(*modules: str) -> None:
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        skip_or_fail(f"not installed: {', '.join(missing)} (pip install -r requirements-test.txt)")


class Agent:
    """The built agent as a subprocess; can be killed, stopped and started again at the same address."""

    def __init__(self, results: Path, *flags: str) -> None:
        self.results = results
        self._flags = flags
        self._process: subprocess.Popen[str] | None = None
        self._earlier: set[str | None] = set()
        self.address = "tcp://127.0.0.1:*"
        self.page = ""

    def start(self) -> None:
        model = os.environ.get("PARFOCAL_TEST_MODEL")
        self.results.mkdir(parents=True, exist_ok=True)
        command = [shutil.which("node") or "node", str(AGENT), "agent"]
        command += [
            "--address",
            self.address,
            "--publish",
            "tcp://127.0.0.1:*",
            "--results",
            str(self.results),
        ]
        command += ["--model", model] if model else []
        with (self.results / "agent.log").open("a") as log:
            self._process = subprocess.Popen(
                [*command, *self._flags], stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
            )
        ready = json.loads(self._line())
        self.address = ready["addresses"]["zeromq"]
        self.page = ready["addresses"]["dashboard"]

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def begin_test(self) -> None:
        """From here on, `records` leaves out what earlier tests have said."""
        self._earlier = {record.get("session") for record in self.records()} | self._earlier

    def records(self) -> list[dict]:
        """The lines of results.jsonl."""
        path = self.results / "results.jsonl"
        text = path.read_text() if path.exists() else ""
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        return [record for record in lines if record.get("session") not in self._earlier]

    def outcomes(self, count: int) -> list[dict]:
        """The outcomes, once there are so many: lines are written after the answer was sent."""

        def outcomes() -> list[dict]:
            return [record for record in self.records() if record["type"] == "outcome"]

        self.until(lambda: len(outcomes()) >= count)
        return outcomes()

    def until(self, is_so: Callable[[], bool]) -> bool:
        """Waits until this is so; false if it does not come."""
        end_s = time.monotonic() + START_S
        while not is_so():
            if time.monotonic() > end_s:
                return False
            time.sleep(0.05)
        return True

    def _line(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        stdout = self._process.stdout
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START_S)
        except queue.Empty:
            line = ""
        if not line:
            self.kill()
            pytest.fail(f"the agent did not start:\n{(self.results / 'agent.log').read_text()[-2000:]}")
        return line


def needs_program() -> None:
    """The built agent, its model and Node."""
    if not AGENT.exists():
        skip_or_fail("the agent is not built (npm run build)")
    if "PARFOCAL_TEST_MODEL" not in os.environ and not (ROOT / "models" / "default").exists():
        skip_or_fail("no model: neither models/default nor PARFOCAL_TEST_MODEL")
    if shutil.which("node") is None:
        skip_or_fail("node is not installed")


@contextmanager
def running_agent(results: Path, *flags: str) -> Iterator[Agent]:
    needs_program()
    running = Agent(results, *flags)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def own_agent(tmp_path: Path) -> Iterator[Agent]:
    """For tests that stop it, or look at all that it keeps."""
    with running_agent(tmp_path / "results") as running:
        yield running


@pytest.fixture(scope="session")
def shared_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running_agent(tmp_path_factory.mktemp("agent") / "results") as running:
        yield running


@pytest.fixture
def agent(shared_agent: Agent) -> Agent:
    """One for all tests: what it learns, it learns of a session, and each test has its own."""
    shared_agent.begin_test()
    return shared_agent


@pytest.fixture(scope="session")
def beads() -> Iterator[object]:
    """A core of pymmcore-plus that sees beads."""
    needs("pymmcore_plus", "mm_test_adapters", "useq")
    import pymmcore
    from pymmcore_plus import configure_logging

    from beads import beads_core

    configure_logging(file=None, stderr_level="ERROR")
    core = beads_core(blur_rate=0.5)
    yield core
    # A process that ends right after core activity can abort unless nobody listens any more.
    pymmcore.CMMCore.registerCallback(core, None)


@pytest.fixture
def core(beads: object) -> Iterator[object]:
    """Beads, under an engine whose frames say which exposure they are."""
    needs("tifffile")
    from engine_runs import counting_engine

    with counting_engine(beads) as counting:
        yield counting


@pytest.fixture(scope="session")
def headless() -> Iterator[object]:
    """A core of pycro-manager, Python backend, that sees beads. One a process: its engine keeps the first."""
    needs("pycromanager", "mm_test_adapters", "pymmcore_plus", "useq")
    import mm_test_adapters
    from pycromanager import Core, start_headless, stop_headless

    from beads import show_beads

    start_headless(
        str(mm_test_adapters.device_adapter_path()),
        "MMConfig_demo.cfg",
        python_backend=True,
        buffer_size_mb=64,
    )
    core = Core()
    show_beads(core)
    yield core
    stop_headless()
