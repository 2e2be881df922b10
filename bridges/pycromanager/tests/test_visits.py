"""What of a plan is judged together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import pytest

from parfocal_bridge.visits import Visits


class Letters:
    """Events such as "A2": channel and slice, "A" without slice, "*" for what is no image.

    Channels in small letters are imaged in one plane of a stack.
    """

    def is_image(self, event: str) -> bool:
        return not event.startswith("*")

    def channel(self, event: str) -> str | None:
        return event.strip("*")[0]

    def z_index(self, event: str) -> Hashable:
        return event[1:2] or None

    def run_key(self, event: str) -> Hashable:
        return event[2:].strip("!") if len(event) > 1 else None

    def is_plane(self, event: str) -> bool:
        return event[0].islower()

    def ends_run(self, event: str) -> bool:
        return event.endswith("!")


def visits(plan: str, gated: str = "ABCa", judges_stacks: bool = True) -> list[str]:
    """Each visit as its events and, behind a bar, the judged ones."""
    read = Visits(plan.split(), Letters(), lambda event: event[0] in gated, judges_stacks)
    return [" ".join([*visit.events, "|", *visit.judged]) for visit in read]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("A B A", ["A | A", "B | B", "A | A"]),
        ("A0 A1 A2", ["A0 A1 A2 | A0 A1 A2"]),
        ("A0 A1 B0 B1", ["A0 A1 | A0 A1", "B0 B1 | B0 B1"]),
        ("A0 B0 A1 B1", ["A0 B0 A1 B1 | A0 A1"]),
        ("A0 A1 A0 A1", ["A0 A1 | A0 A1"] * 2),
        ("A0p A1p A0q A1q", ["A0p A1p | A0p A1p", "A0q A1q | A0q A1q"]),
        ("A0 A1 A B", ["A0 A1 | A0 A1", "A | A", "B | B"]),
        ("A0 A", ["A0 | ", "A | A"]),
        ("A0 A1 B1", ["A0 A1 | A0 A1", "B1 | "]),
        ("A0 A1 B1 A2", ["A0 A1 B1 A2 | A0 A1 A2"]),
        ("D0 A0 D1 A1", ["D0 A0 D1 A1 | A0 A1"]),
        ("D0 D1 A0 A1", ["D0 D1 | ", "A0 A1 | A0 A1"]),
        ("D0 D1 a1", ["D0 D1 | ", "a1 | a1"]),
        ("D0 a0 D1", ["D0 a0 D1 | a0"]),
        ("A0 A1 a1", ["A0 A1 | A0 A1", "a1 | "]),
        ("A0 a0 A1", ["A0 a0 A1 | A0 A1"]),
        ("A0p A1p *xp B", ["A0p A1p | A0p A1p", "*xp | ", "B | B"]),
        ("A0p B0p A1p B1p *xp C", ["A0p B0p A1p B1p *xp | A0p A1p", "C | C"]),
        ("D A", ["D | ", "A | A"]),
        ("* A", ["* | ", "A | A"]),
        ("", []),
    ],
)
def test_events_are_judged_one_by_one_and_slices_together(plan: str, expected: list[str]) -> None:
    assert [text.rstrip() for text in visits(plan)] == [text.rstrip() for text in expected]


def test_stacks_that_are_only_observed_stay_together_and_are_not_judged() -> None:
    assert visits("A0 A1 A", judges_stacks=False) == ["A0 A1 |", "A | A"]


def test_no_event_is_lost_or_repeated() -> None:
    plan = "A0 B0 A1 B1 A B A0 A1 A0 D0 * A B0 B1 C0 C1 A"
    assert " ".join(text.split(" |")[0] for text in visits(plan)) == plan


def test_the_plan_is_read_no_further_than_needed() -> None:
    taken: list[str] = []

    def plan() -> Iterator[str]:
        for event in ["A", "B0", "B1", "C", "A0", "A1!", "D", "C"]:
            taken.append(event)
            yield event

    read = Visits(plan(), Letters(), lambda event: event[0] != "D", True)
    reading = iter(read)
    counts = []
    for _ in range(4):
        next(reading)
        counts.append(len(taken))
    assert counts == [1, 4, 4, 6], "a stack whose end is known takes no event more"
    upcoming = read.next_judged()
    assert upcoming is not None and upcoming.events == ("C",) and len(taken) == 8
    assert [visit.events for visit in reading] == [("D",), ("C",)]
    assert read.next_judged() is None
