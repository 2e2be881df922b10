"""The dock widget."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from parfocal.widget.agent_feed import AgentPage, RecordFeed
from parfocal.widget.live_run import LastVerdict, LiveRun
from parfocal.widget.plate_view import PlateView

if TYPE_CHECKING:
    from parfocal.agent import Agent

DEFAULT_PUBLISH = "tcp://127.0.0.1:5611"
DEFAULT_PAGE = "http://127.0.0.1:5612/"
_LOOK_MS = 200
_STATUS_EVERY = 10
"""Looks between two questions how the agent does."""

_WORDS = {
    "accept": "in focus",
    "flag": "out of focus",
    "abstain": "could not be judged",
    "retry": "refocusing",
}


class FocusWidget(QWidget):
    """The verdict on the last frame, the plate, and a button that pauses gating.

    Works beside any acquisition: it hears the agent, whoever sends the frames. Nothing of Qt is touched from
    another thread, and it lets go of everything when Qt deletes it.

    :param agent: an ``Agent`` that runs; without it, the addresses count.
    :param publish: where the agent publishes; by default the environment's ``PARFOCAL_PUBLISH__ADDRESS``,
        else the agent's default.
    :param page: the page's address as the agent prints it, with the token where gating may be paused; by
        default the environment's ``PARFOCAL_PAGE``, else the agent's default.
    """

    def __init__(
        self,
        agent: Agent | None = None,
        *,
        publish: str | None = None,
        page: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Parfocal")
        if agent is not None:
            publish, page = publish or agent.publish, page or agent.dashboard
        feed = RecordFeed(publish or os.environ.get("PARFOCAL_PUBLISH__ADDRESS") or DEFAULT_PUBLISH)
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parfocal-widget")
        self._feed, self._worker = feed, worker
        self._page = AgentPage(page or os.environ.get("PARFOCAL_PAGE") or DEFAULT_PAGE)
        self.run = LiveRun()
        self._asked: list[tuple[Future[Any], Callable[[Any], None]]] = []
        self._held: list[dict[str, Any]] = []
        """Records that came while the whole run is being fetched, which may be older than they are."""
        self._is_fetching = False
        self._fetched: str | None = None
        self._is_gating = True
        self._looks = 0
        self.verdict = _label()
        self.verdict.setStyleSheet("font-size: 15pt")
        self.reason = _label()
        self.plate = PlateView()
        self.pause = QPushButton("Pause gating")
        self.pause.clicked.connect(self._toggle)
        self.state = _label()
        layout = QVBoxLayout(self)
        for part in (self.verdict, self.reason, self.plate, self.pause, self.state):
            layout.addWidget(part, 1 if part is self.plate else 0)
        self._show_verdict(None)
        self._show_state("Looking for the agent", can_pause=False)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_MS)
        # A docked widget gets no close event; these do not refer to it.
        self.destroyed.connect(feed.close)
        self.destroyed.connect(lambda: worker.shutdown(wait=False, cancel_futures=True))
        self._look()

    def _look(self) -> None:
        """Takes what has come; never waits."""
        for future, then in [asked for asked in self._asked if asked[0].done()]:
            self._asked.remove((future, then))
            then(future)
        records = self._feed.poll()
        if self._is_fetching:
            self._held += records
        else:
            self._take(records)
        if self._looks % _STATUS_EVERY == 0:
            self._ask(self._page.status, self._heard_status)
        self._looks += 1

    def _take(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            self.run.take(record)
        if records:
            self._show_verdict(self.run.last)
            self.plate.show_wells(self.run.wells())

    def _ask(self, question: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self._asked.append((self._worker.submit(question), then))

    def _heard_status(self, answer: Future[dict[str, Any]]) -> None:
        try:
            status = answer.result()
            gating, live = bool(status["gating"]), status.get("liveRun")
        except (OSError, KeyError) as error:
            self._fetched = None
            self._show_state(f"No agent answers: {error}", can_pause=False)
            return
        self._is_gating = gating
        may = bool(status.get("control")) and self._page.token is not None
        self._show_state("Gating is on" if gating else "Gating is paused", can_pause=may)
        if live is not None and live != self._fetched and not self._is_fetching:
            self._is_fetching = True
            self._fetched = live
            self._ask(lambda: self._page.run(live), self._heard_run)

    def _heard_run(self, answer: Future[dict[str, Any]]) -> None:
        self._is_fetching = False
        held, self._held = self._held, []
        last = self.run.last
        try:
            snapshot = answer.result()
            self.run.load(snapshot)
            self.run.last = last
        except (OSError, KeyError):
            self._fetched = None
        self._take(held)
        self.plate.show_wells(self.run.wells())

    def _toggle(self) -> None:
        self.pause.setEnabled(False)
        on = not self._is_gating
        self._ask(lambda: self._page.set_gating(on), self._toggled)

    def _toggled(self, answer: Future[None]) -> None:
        error = answer.exception()
        if error is not None:
            self._show_state(f"Not changed: {error}", can_pause=True)
            return
        self._ask(self._page.status, self._heard_status)

    def _show_verdict(self, last: LastVerdict | None) -> None:
        if last is None:
            self.verdict.setText("No frame yet")
            self.reason.setText("")
            return
        words = "nothing to judge" if last.condition == "blank" else _WORDS[last.decision]
        place = " ".join(part for part in (last.site, last.channel) if part)
        self.verdict.setText(f"{place}: {words}")
        self.reason.setText(f"level {last.level:.1f}, certainty {last.certainty:.2f}. {last.reason}")

    def _show_state(self, words: str, *, can_pause: bool) -> None:
        self.state.setText(words)
        self.pause.setText("Pause gating" if self._is_gating else "Resume gating")
        self.pause.setEnabled(can_pause)
        self.pause.setToolTip(
            "Frames are judged, nothing is refocused"
            if can_pause
            else "Start the agent with --control, and give the widget the page's address with its token"
        )


def _label() -> QLabel:
    label = QLabel()
    # Names come from files and other programs, and may look like markup.
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
