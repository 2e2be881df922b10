"""Focus quality control while the plate is still on the stage.

``Agent`` runs the Parfocal agent beside an acquisition; ``python -m parfocal`` is Parfocal's command line;
``reimage_sequence`` gives what is to be imaged again; ``score_file`` judges a CZI.
The client and the adapters for pymmcore-plus and pycro-manager are in ``parfocal_bridge``.
"""

from parfocal.agent import Agent, AgentError
from parfocal.microscope_files import FileNotReadError
from parfocal.program import ProgramMissingError
from parfocal.reimage import reimage_sequence
from parfocal.send import Judged, NoAgentError, score_file, send_file

__all__ = [
    "Agent",
    "AgentError",
    "FileNotReadError",
    "Judged",
    "NoAgentError",
    "ProgramMissingError",
    "reimage_sequence",
    "score_file",
    "send_file",
]

__version__ = "0.1.0"
