"""Gates microscope acquisitions on focus, with the Parfocal agent.

``FocusClient`` ships frames to the agent and waits for verdicts. The adapters are
``parfocal_bridge.pymmcore_plus`` and ``parfocal_bridge.pycromanager``; neither imports the library it is for.
"""

from parfocal_bridge.client import DEFAULT_ADDRESS, Counters, FocusClient
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Action, Frame, MessageError, Optics, Site, Verdict, Welcome
from parfocal_bridge.site import Attempt, SiteResult

__all__ = [
    "DEFAULT_ADDRESS",
    "Action",
    "Attempt",
    "Counters",
    "FocusClient",
    "Frame",
    "MessageError",
    "Optics",
    "Site",
    "SiteResult",
    "Verdict",
    "Welcome",
    "ZLimits",
]

__version__ = "0.1.0"
