"""The messages of protocol version 1 as frozen dataclasses, and their JSON.

Units are in the names: ``_um`` micrometres, ``_ms`` milliseconds, ``_nm`` nanometres, ``_px`` pixels.
"""

from __future__ import annotations

import json

from parfocal_bridge.answers import Action, AgentError, Drop, NextZ, Outcome, StackVerdict, Verdict
from parfocal_bridge.frame_message import (
    PROTOCOL_VERSION,
    Frame,
    LockReport,
    Message,
    NextSite,
    Optics,
    Site,
    Stack,
)
from parfocal_bridge.records import MAX_NAME_LENGTH, MessageError
from parfocal_bridge.session_messages import Abandon, Bye, Controller, Heartbeat, Hello, Welcome

__all__ = [
    "MAX_NAME_LENGTH",
    "MESSAGES",
    "PROTOCOL_VERSION",
    "Abandon",
    "Action",
    "AgentError",
    "Bye",
    "Controller",
    "Drop",
    "Frame",
    "Heartbeat",
    "Hello",
    "LockReport",
    "Message",
    "MessageError",
    "NextSite",
    "NextZ",
    "Optics",
    "Outcome",
    "Site",
    "Stack",
    "StackVerdict",
    "Verdict",
    "Welcome",
    "decode",
    "encode",
]

MESSAGES: dict[str, type[Message]] = {
    cls.type: cls
    for cls in (Hello, Welcome, Frame, Verdict, Outcome, Abandon, Drop, AgentError, Heartbeat, Bye)
}


def encode(message: Message) -> bytes:
    """The JSON part of a message, UTF-8."""
    return json.dumps(message.to_json(), separators=(",", ":"), allow_nan=False).encode()


def decode(part: bytes) -> Message | None:
    """Reads the JSON part of a message; None if its type is not known here. Raises only MessageError."""
    try:
        data = json.loads(part)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise MessageError("not a JSON object")
    if data.get("v") != PROTOCOL_VERSION:
        raise MessageError(
            f"protocol version {data.get('v')!r} is not supported, only {PROTOCOL_VERSION}: "
            "use an agent and a bridge of the same release"
        )
    kind = data.get("type")
    if not isinstance(kind, str):
        raise MessageError("type: missing or not a string")
    cls = MESSAGES.get(kind)
    return None if cls is None else cls.from_json(data)
