"""The widget beside a real agent, run by test_widget.py as a process of its own: a process has one Qt.

Prints as JSON what the widget shows, and what the agent says of the same run.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WAIT_S = 60


def spots(sigma_px: float, seed: int = 1) -> npt.NDArray[np.uint16]:
    """Spots of this width on a dim, noisy background."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:256, 0:256]
    image = np.full((256, 256), 100.0)
    for _ in range(60):
        x0, y0 = random.uniform(0, 256, 2)
        image += 60000 / sigma_px**2 * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * sigma_px**2))
    return random.poisson(np.clip(image, 0, 60000)).astype(np.uint16)


def main(binding: str, results: str) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_API"] = binding
    from qtpy.QtWidgets import QApplication

    app = QApplication([])
    from parfocal import Agent
    from parfocal.widget import FocusWidget
    from parfocal_bridge import FocusClient, Frame, Site

    def until(holds: Callable[[], Any]) -> bool:
        end = time.monotonic() + WAIT_S
        while not holds() and time.monotonic() < end:
            app.processEvents()
            time.sleep(0.01)
        return bool(holds())

    said: dict[str, Any] = {}

    def table(path: Path) -> dict[str, str]:
        with path.open(newline="") as file:
            return {row["well"]: row["status"] for row in csv.DictReader(file)}

    def shown(widget: FocusWidget) -> dict[str, str]:
        return {well.name: well.status for well in widget.run.wells()}

    def send(client: FocusClient, wells: list[tuple[str, int, int, float]], attempt: int = 0) -> None:
        # In a thread, as an acquisition does: the widget must go on meanwhile.
        def work() -> None:
            for name, row, column, sigma_px in wells:
                site = Site(name=f"{name}-Site_0", well=name, row=row, column=column, index=0)
                client.score(spots(sigma_px), Frame(site=site, channel="DAPI", attempt=attempt))

        thread = threading.Thread(target=work)
        thread.start()
        assert until(lambda: not thread.is_alive())

    with Agent(results, flags=["--control", "--set", "policy.sharp=absolute"]) as agent:
        with FocusClient(agent.address, deadline_ms=20_000) as client:
            assert client.wait_for_agent(30)
            before = FocusWidget(agent)
            assert until(lambda: before.pause.isEnabled()), before.state.text()
            said["no frame"] = before.verdict.text()
            send(client, [("A1", 0, 0, 1.3), ("B2", 1, 1, 7.0)])
            assert until(lambda: before.run.last is not None and before.run.last.site == "B2-Site_0")
            assert until(lambda: len(list(before.run.wells())) == 2)
            said["verdict"], said["reason"] = before.verdict.text(), before.reason.text()
            said["shape"] = list(before.plate.shape)
            before.resize(400, 500)
            picture = before.grab().toImage()
            said["colours"] = len({picture.pixel(x, y) for x in range(0, 400, 3) for y in range(0, 500, 3)})

            # One that is opened later knows what came before.
            after = FocusWidget(agent)
            assert until(lambda: len(list(after.run.wells())) == 2)
            said["wells"] = {w.name: w.status for w in after.run.wells()}
            said["same"] = [vars(w) for w in after.run.wells()] == [vars(w) for w in before.run.wells()]

            before.pause.click()
            assert until(lambda: before.state.text() == "Gating is paused"), before.state.text()
            said["button"] = before.pause.text()
            assert until(lambda: after.state.text() == "Gating is paused")
            after.pause.click()
            assert until(lambda: after.state.text() == "Gating is on"), after.state.text()

            # Docks delete their widgets without a close event.
            before.deleteLater()
            gc.collect()
            send(client, [("C3", 2, 2, 1.3)])
            # The second try at B2 is sharp, D4 is left out, and E5 was not refocused.
            send(client, [("B2", 1, 1, 1.3)], attempt=1)
            send(client, [("E5", 4, 4, 7.0)])
            for well, row, why in [("D4", 3, "skipped"), ("E5", 4, "limits")]:
                site = Site(name=f"{well}-Site_0", well=well, row=row, column=row, index=0)
                client.abandon(site, "DAPI", None, why, "so it is")
            assert until(lambda: len(list(after.run.wells())) == 5)
            # The table of the agent itself, which it writes once a second.
            assert until(lambda: table(agent.sites) == shown(after)), (table(agent.sites), shown(after))
            said["sites"] = shown(after)
            later = FocusWidget(agent)
            assert until(lambda: shown(later) == shown(after)), (shown(later), shown(after))
        page = agent.dashboard
    assert until(lambda: after.state.text().startswith("No agent answers")), after.state.text()
    said["gone"] = [after.pause.isEnabled(), len(shown(after))]
    with Agent(results, dashboard_port=int(page.split(":")[2].split("/")[0])) as again:
        watching = FocusWidget(again)
        assert until(lambda: watching.state.text() == "Gating is on")
        said["without control"] = [watching.pause.isEnabled(), watching.pause.toolTip()]
    print(json.dumps(said))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
    main(*sys.argv[1:])
