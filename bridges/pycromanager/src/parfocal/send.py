"""Verdicts on files that Parfocal's own program does not read, through the agent."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from parfocal.agent import Agent
from parfocal.microscope_files import FileNotReadError, frames_in
from parfocal_bridge.client import DEFAULT_ADDRESS, FocusClient
from parfocal_bridge.messages import Frame, Verdict

_PATIENT_MS = 60_000.0
_START_S = 10.0


class NoAgentError(RuntimeError):
    """There is no agent at an address."""


@dataclass(frozen=True)
class Judged:
    """A frame of a file and the verdict on it; None if it got none."""

    frame: Frame
    verdict: Verdict | None


def send_file(path: str | os.PathLike[str], address: str = DEFAULT_ADDRESS) -> Iterator[Judged]:
    """Sends the frames of a CZI or ND2 to an agent that runs, each when the one before is answered.

    They are only watched: nothing is moved. They are a run of their own in its results and on its page.

    :param address: where the agent takes frames.
    :raises FileNotReadError: where the file cannot be read.
    :raises NoAgentError: where nobody answers.
    """
    verdicts: dict[str, Verdict] = {}
    frames = frames_in(path)
    with FocusClient(
        address,
        deadline_ms=_PATIENT_MS,
        controller="parfocal send",
        on_verdict=lambda verdict: verdicts.update({verdict.id: verdict}),
    ) as client:
        for number, (image, frame) in enumerate(frames):
            if number == 0 and not client.wait_for_agent(_START_S):
                raise NoAgentError(f"there is no agent at {address}; start one: parfocal agent")
            sent = client.offer(image, frame)
            client.wait_for_answers([sent])
            yield Judged(frame, verdicts.pop(sent, None))


def score_file(path: str | os.PathLike[str], results: str | os.PathLike[str] | None = None) -> list[Judged]:
    """Judges the frames of a CZI or ND2 with an agent of its own.

    :param results: the agent's folder for ``results.jsonl`` and ``sites.csv``, see :class:`Agent`.
    :raises FileNotReadError: where the file cannot be read.
    """
    with Agent(results) as agent:
        return list(send_file(path, agent.address))


def main(arguments: list[str]) -> None:
    """``parfocal send FILE...``"""
    parser = argparse.ArgumentParser(
        prog="parfocal send",
        description="Send the frames of CZI and ND2 files to the agent that runs, and show its verdicts",
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--address", default=DEFAULT_ADDRESS, help="of the agent (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    failed = False
    for file in chosen.files:
        try:
            for judged in send_file(file, chosen.address):
                sys.stdout.write(_line(judged) + "\n")
                sys.stdout.flush()
        except FileNotReadError as error:
            sys.stderr.write(f"{error}\n")
            failed = True
        except NoAgentError as error:
            sys.exit(f"parfocal: {error}")
    sys.exit(1 if failed else 0)


def _line(judged: Judged) -> str:
    frame, verdict = judged.frame, judged.verdict
    place = f"{frame.site.name}  {frame.channel}  t {frame.time_index}  z {frame.z_index}"
    if verdict is None:
        return f"{place}  no verdict"
    return f"{place}  {verdict.condition}  level {verdict.expected_level:.1f}  {verdict.decision}"
