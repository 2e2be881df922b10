"""Focus quality control while the plate is still on the stage.

``Agent`` runs the Parfocal agent beside an acquisition; ``python -m parfocal`` is Parfocal's command line;
``reimage_sequence`` gives what is to be imaged again.
The client and the adapters for pymmcore-plus and pycro-manager are in ``parfocal_bridge``.
"""

from parfocal.agent import Agent, AgentError
from parfocal.program import ProgramMissingError
from parfocal.reimage import reimage_sequence

__all__ = ["Agent", "AgentError", "ProgramMissingError", "reimage_sequence"]

__version__ = "0.1.0"
