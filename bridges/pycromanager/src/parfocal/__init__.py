"""Focus quality control while the plate is still on the stage.

``Agent`` runs the Parfocal agent beside an acquisition; ``python -m parfocal`` is Parfocal's command line.
The client and the adapters for pymmcore-plus and pycro-manager are in ``parfocal_bridge``.
"""

from parfocal.agent import Agent, AgentError
from parfocal.program import ProgramMissingError

__all__ = ["Agent", "AgentError", "ProgramMissingError"]

__version__ = "0.1.0"
