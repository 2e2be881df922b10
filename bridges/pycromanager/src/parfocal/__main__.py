"""Parfocal's command line: ``parfocal``, ``python -m parfocal``."""

from __future__ import annotations

import os
import subprocess
import sys

from parfocal.program import ProgramMissingError, command_line


def main() -> None:
    """Runs the program in place of this one, where the system can do that."""
    if sys.argv[1:2] == ["send"]:
        # What it needs is Python's alone.
        from parfocal.send import main as send

        send(sys.argv[2:])
    try:
        command = command_line(*sys.argv[1:])
    except ProgramMissingError as error:
        sys.exit(f"parfocal: {error}")
    if os.name != "nt":
        os.execv(command[0], command)
    with subprocess.Popen(command) as process:
        while True:
            try:
                sys.exit(process.wait())
            except KeyboardInterrupt:
                # The program got it, too, and ends in its own time.
                continue


if __name__ == "__main__":
    main()
