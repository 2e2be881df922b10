"""A dock widget for Qt programs: the verdict on the last frame, the plate, and a button that pauses gating.

Needs the extra ``parfocal[widget]`` (qtpy) and a Qt binding, which napari and pymmcore-gui bring.
"""

from parfocal.widget.focus_widget import FocusWidget

__all__ = ["FocusWidget"]
