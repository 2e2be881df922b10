"""Options of another kind than asked for are refused before a run: in it, each frame would be unscored."""

from __future__ import annotations


def require(name: str, value: object, kind: type) -> None:
    """Raises TypeError unless an option is of its kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} is a {kind.__name__}, not {value!r}")


def require_if_given(name: str, value: object, kind: type) -> None:
    """The same for an option that may be left out."""
    if value is not None:
        require(name, value, kind)
