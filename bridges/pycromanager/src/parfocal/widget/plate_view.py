"""A plate as a grid of wells in colour."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QEvent, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from parfocal.widget.colours import colour_of
from parfocal.widget.live_run import BAD, WellView

_FORMATS = ((2, 3), (3, 4), (4, 6), (6, 8), (8, 12), (16, 24), (32, 48))
"""Rows and columns of the plates that screens use."""
_MARGIN_PX = 2.0


class PlateView(QWidget):
    """Each well has the colour of its level, and a cross where it is to be looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wells: dict[tuple[int, int], WellView] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Plate")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the smallest plate that has all wells."""
        rows = max((row for row, _ in self._wells), default=0) + 1
        columns = max((column for _, column in self._wells), default=0) + 1
        return next((f for f in _FORMATS if f[0] >= rows and f[1] >= columns), _FORMATS[-1])

    def show_wells(self, wells: Iterable[WellView]) -> None:
        """Shows these in place of what was shown."""
        self._wells = {(well.row, well.column): well for well in wells}
        bad = [well.name for well in self._wells.values() if well.status in BAD]
        self.setAccessibleDescription(f"{len(self._wells)} wells; to look at: {', '.join(bad) or 'none'}")
        self.update()

    def words_at(self, x: float, y: float) -> str:
        """What is known of the well at a place of the view, px; empty where there is none."""
        for (row, column), well in self._wells.items():
            if self._rect(row, column).contains(x, y):
                level = "" if well.level is None else f"level {well.level:.1f}, "
                return f"{well.name}: {level}{well.status}"
        return ""

    def sizeHint(self) -> QSize:  # noqa: N802
        """Large enough for 384 wells."""
        return QSize(288, 192)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draws the plate."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows, columns = self.shape
        outline = QPen(QColor(136, 136, 136, 90))
        cross = QPen(self.palette().windowText().color(), 1.5)
        for row in range(rows):
            for column in range(columns):
                rect = self._rect(row, column)
                well = self._wells.get((row, column))
                painter.setPen(outline)
                painter.setBrush(Qt.BrushStyle.NoBrush if well is None else QColor(*colour_of(well.level)))
                painter.drawEllipse(rect)
                if well is not None and well.status in BAD:
                    painter.setPen(cross)
                    painter.drawLine(rect.topLeft(), rect.bottomRight())
                    painter.drawLine(rect.topRight(), rect.bottomLeft())
        painter.end()

    def event(self, event: QEvent | None) -> bool:
        """Says what is known of the well under the mouse."""
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(event.x(), event.y()), self)
            return True
        return bool(super().event(event))

    def _rect(self, row: int, column: int) -> QRectF:
        rows, columns = self.shape
        side = min(self.width() / columns, self.height() / rows)
        left = (self.width() - side * columns) / 2 + side * column
        top = (self.height() - side * rows) / 2 + side * row
        gap = min(_MARGIN_PX, side / 6)
        return QRectF(left + gap, top + gap, side - 2 * gap, side - 2 * gap)
