"""Calls what users hand in without letting its failures end a run, or pass unseen."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


def guarded(call: Callable[..., T], instead: Callable[..., T], name: str) -> Callable[..., T]:
    """``call``, or where that raises ``instead``, with the error in the log: in full the first time."""
    has_failed = False

    @functools.wraps(instead)
    def safe(*values: Any) -> T:
        nonlocal has_failed
        try:
            return call(*values)
        except (SystemExit, KeyboardInterrupt) as error:
            log.error("%s ends the run: %r", name, error)
            raise
        except BaseException as error:  # as asyncio.CancelledError is
            log.error("%s failed, and the run goes on without it: %r", name, error, exc_info=not has_failed)
            has_failed = True
            return instead(*values)

    return safe
