"""What of a run is to be imaged again."""

from __future__ import annotations

import json
import subprocess
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

from parfocal.program import command_line


def reimage_sequence(results: str | PathLike[str], *, with_blank: bool = False) -> dict[str, Any]:
    """The positions of a run to image again: the same list as on the agent's page.

    ``useq.MDASequence(**reimage_sequence(agent.results))`` is a sequence that pymmcore-plus runs. Positions
    without x and y are left out.

    :param results: the folder of the results, or its ``results.jsonl``.
    :param with_blank: also positions where there is nothing to judge.
    :returns: ``stage_positions`` (name, x, y and, where it is known, z in um), ``channels``, ``axis_order``,
        and the reason for each position in ``metadata["parfocal"]["reasons"]``.
    :raises RuntimeError: where there are no such results; says why.
    :raises ProgramMissingError: when the package was installed without the agent, or Node.js is missing.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "positions.json"
        command = command_line("report", str(results), "--reimage", str(out))
        if with_blank:
            command.append("--with-blank")
        finished = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if finished.returncode != 0:
            raise RuntimeError(finished.stderr.strip())
        sequence: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return sequence
