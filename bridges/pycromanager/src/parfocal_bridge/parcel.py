"""A frame packed for the way to the agent."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from parfocal_bridge.messages import MAX_NAME_LENGTH, Frame, encode

WirePixels = tuple[str, tuple[int, int], bytes]
"""Pixel type, (height, width) in px, and the pixels themselves."""


@dataclass(frozen=True)
class Parcel:
    """One frame on its way: its id, its two parts, and whether somebody waits for the verdict."""

    id: str
    head: bytes
    pixels: bytes
    is_gated: bool


def packed(
    frame: Frame,
    pixels: WirePixels,
    session: str,
    sequence: int,
    deadline_ms: float | None,
    client: str = "",
) -> Parcel:
    """The frame with what only the sender knows.

    :param deadline_ms: None for an observed frame.
    :param client: tells the clients of a session apart, each of which counts from 0.
    """
    dtype, shape, data = pixels
    place = f"{frame.site.name}/{frame.channel or '-'}/t{frame.time_index or 0}/z{frame.z_index or 0}"
    frame_id = frame.id or f"{session}/{place}/{client}{sequence}#{frame.attempt}"
    if len(frame_id) > MAX_NAME_LENGTH:
        frame_id = f"{session}/{client}{sequence}#{frame.attempt}"
    if frame.id and frame.timestamp_ms is None:
        # An image with the id of another one, and nothing else to tell them apart, would get its verdict.
        frame = replace(frame, timestamp_ms=time.time() * 1000)
    header = replace(
        frame,
        id=frame_id,
        session=session,
        sequence=sequence,
        mode="observe" if deadline_ms is None else "gate",
        deadline_ms=deadline_ms,
        dtype=dtype,
        shape=shape,
    )
    return Parcel(frame_id, encode(header), data, deadline_ms is not None)
