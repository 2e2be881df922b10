"""A fork copies a client's memory, but neither its thread nor what ZeroMQ needs."""

from __future__ import annotations

import os


class OwnProcess:
    """The process that made something: a fork of it must leave that alone.

    Asked before any lock is taken: one that another thread held at the fork is never given back.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def is_here(self) -> bool:
        """False in a process that was forked."""
        return os.getpid() == self._pid

    def require(self) -> None:
        """Raises RuntimeError in a process that was forked."""
        if not self.is_here:
            raise RuntimeError(
                f"this FocusClient belongs to process {self._pid}, of which this one is a fork: "
                "make a FocusClient of its own here"
            )
