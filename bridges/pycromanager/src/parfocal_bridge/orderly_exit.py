"""``sys.exit`` and Ctrl-C within a run, for libraries that tidy up after an ``Exception`` alone.

Otherwise the runner of pymmcore-plus leaves its files open and takes the run for one that goes on, and
pycro-manager waits for ever for its thread that ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ExitError(SystemExit, Exception):
    """Ends the program as ``sys.exit`` does, and meanwhile the run as any error does."""


class InterruptError(KeyboardInterrupt, Exception):
    """The same for Ctrl-C."""


@contextmanager
def in_order() -> Iterator[None]:
    """What asks the program to end leaves this block as an ``Exception``, too."""
    try:
        yield
    except (Exception, GeneratorExit):
        raise
    except SystemExit as error:
        raise ExitError(error.code) from error
    except KeyboardInterrupt as error:
        raise InterruptError(*error.args) from error
    except BaseException as error:  # as asyncio.CancelledError is
        raise RuntimeError(f"the run ended with {error!r}") from error
