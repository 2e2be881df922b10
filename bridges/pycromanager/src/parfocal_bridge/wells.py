"""Which well of a plate a position lies in, as its name or its plan says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from parfocal_bridge.messages import Site

_ROWS, _COLUMNS = 32, 48
"""Of the largest plate, 1536 wells."""
_WELL_NAME = re.compile(r"([A-Z]{1,2})(\d{1,2})(?:[-_ ](?:.*?)(\d{1,6})?)?")


@dataclass(frozen=True)
class Well:
    """Name ("A1"), row and column from 0, and the number of the position within it if its name says so."""

    name: str
    row: int
    column: int
    index: int | None = None


def well_at(row: int, column: int) -> Well | None:
    """The well in a row and column, from 0; None outside the largest plate."""
    if not (0 <= row < _ROWS and 0 <= column < _COLUMNS):
        return None
    letters = chr(ord("A") + row) if row < 26 else "A" + chr(ord("A") + row - 26)
    return Well(f"{letters}{column + 1}", row, column)


def well_of_name(name: str) -> Well | None:
    """The well of a position called "A1", "B03", "A1_0002" or "B03-Site_2"; None for any other name."""
    match = _WELL_NAME.fullmatch(name)
    if match is None:
        return None
    letters, number, index = match[1], int(match[2]), match[3]
    if len(letters) == 2 and letters[0] != "A":
        return None
    row = ord(letters[-1]) - ord("A") + 26 * (len(letters) - 1)
    if well_at(row, number - 1) is None:
        return None
    return Well(match[1] + match[2], row, number - 1, None if index is None else int(index))


def site_in(well: Well | None, name: str, plate: str | None, position: int | None) -> Site:
    """A site by this name in a well, or in none.

    :param position: its number in the plan, from 0.
    """
    if well is None:
        return Site(name=name, plate=plate, position=position)
    row, column, index = well.row, well.column, well.index
    return Site(
        name=name, plate=plate, well=well.name, index=index, row=row, column=column, position=position
    )
