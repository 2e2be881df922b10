from __future__ import annotations

import pytest

from parfocal_bridge.wells import well_at, well_of_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A1", ("A1", 0, 0, None)),
        ("H12", ("H12", 7, 11, None)),
        ("B03", ("B03", 1, 2, None)),
        ("AF48", ("AF48", 31, 47, None)),
        ("A1_0002", ("A1", 0, 0, 2)),
        ("B03-Site_2", ("B03", 1, 2, 2)),
        ("C5 left", ("C5", 2, 4, None)),
    ],
)
def test_a_position_is_named_after_its_well(name: str, expected: tuple[str, int, int, int | None]) -> None:
    well = well_of_name(name)
    assert well is not None and (well.name, well.row, well.column, well.index) == expected


@pytest.mark.parametrize("name", ["Pos0", "p1", "cell", "A0", "A49", "AG1", "BA1", "a1", "A123", "A1x", ""])
def test_other_names_are_no_wells(name: str) -> None:
    assert well_of_name(name) is None


def test_rows_beyond_z_have_two_letters() -> None:
    assert [well.name for row in (0, 25, 26, 31) if (well := well_at(row, 0))] == ["A1", "Z1", "AA1", "AF1"]
    assert well_at(32, 0) is well_at(0, 48) is well_at(-1, 0) is None
