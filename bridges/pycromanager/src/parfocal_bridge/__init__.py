"""Gates microscope acquisitions on focus, with the Parfocal agent.

``FocusClient`` ships frames to the agent and waits for verdicts. The adapters are
``parfocal_bridge.pymmcore_plus`` and ``parfocal_bridge.pycromanager``; neither imports the library it is for.
"""

from parfocal_bridge.client import DEFAULT_ADDRESS, FocusClient
from parfocal_bridge.focus_lock import FocusLock
from parfocal_bridge.ledger import Counters
from parfocal_bridge.limits import ZLimits
from parfocal_bridge.messages import Action, Frame, MessageError, NextZ, Optics, Site, Verdict, Welcome
from parfocal_bridge.site import Attempt, SiteResult, SiteStart

__all__ = [
    "DEFAULT_ADDRESS",
    "Action",
    "Attempt",
    "Counters",
    "FocusClient",
    "FocusLock",
    "Frame",
    "MessageError",
    "NextZ",
    "Optics",
    "Site",
    "SiteResult",
    "SiteStart",
    "Verdict",
    "Welcome",
    "ZLimits",
]

__version__ = "0.1.0"
