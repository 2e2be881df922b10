"""Writes ND2 files by their layout, since no package does: chunks of a name and data, then a map of them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x0ABECEDA
_ALIGNMENT = 4096
_TIMES, _POSITIONS, _SLICES = 1, 2, 4


def write_nd2(
    path: Path,
    frames: Sequence[NDArray[Any]],
    *,
    channels: Sequence[str],
    times: int = 1,
    positions: Sequence[Mapping[str, Any]] = (),
    slices: int = 1,
    optics: Mapping[str, float] | None = None,
    is_compressed: bool = False,
    emission_nm: float | None = 465.0,
) -> Path:
    """
    :param frames: each of height, width, and channels (or colours); times run slowest, slices fastest.
    :param positions: what the loop over positions says of each, such as ``{"dPosName": "A1", "dPosX": 1.0}``.
    """
    height, width, components = frames[0].shape
    item = frames[0].dtype.itemsize
    attributes: dict[str, Any] = {
        "uiWidth": width,
        "uiWidthBytes": width * components * item,
        "uiHeight": height,
    }
    attributes |= {"uiComp": components, "uiBpcInMemory": 8 * item, "uiBpcSignificant": 8 * item}
    attributes |= {"uiSequenceCount": len(frames), "eCompression": 0 if is_compressed else 2}
    peak = {"pPoint": {"Point0": {"dTValue": 1.0, "dWavelength": emission_nm or 0.0}}}
    probe = {"m_EmissionSpectrum": peak, "m_ExcitationSpectrum": peak}
    plane: dict[str, Any] = {"uiCompCount": components // len(channels), "uiColor": 255}
    if emission_nm is not None:
        plane["pFluorescentProbe"] = probe
    planes = {f"a{i}": {"sDescription": name, **plane} for i, name in enumerate(channels)}
    picture = {"bCalibrated": True, "dCalibration": 0.325, "dXPos": 5.0, "dYPos": 6.0, "dZPos": 7.0}
    picture |= {"sPicturePlanes": {"uiCount": len(channels), "sPlaneNew": planes}, **(optics or {})}
    chunks = {
        "ImageAttributesLV!": _variant({"SLxImageAttributes": attributes}),
        "ImageMetadataSeqLV|0!": _variant({"SLxPictureMetadata": picture}),
        "CustomData|AcqTimesCache!": np.arange(len(frames), dtype=np.float64).tobytes(),
    }
    if (loops := _loops(times, positions, slices)) is not None:
        chunks["ImageMetadataLV!"] = _variant({"SLxExperiment": loops})
    for number, frame in enumerate(frames):
        data = frame.tobytes()
        # Each frame begins with its time.
        data = struct.pack("<d", number) + (zlib.compress(data) if is_compressed else data)
        chunks[f"ImageDataSeq|{number}!"] = data
    path.write_bytes(_file(chunks))
    return path


def _loops(times: int, positions: Sequence[Mapping[str, Any]], slices: int) -> dict[str, Any] | None:
    """The plan: one loop within the other."""
    points = {f"i{i:010}": dict(point) for i, point in enumerate(positions)}
    levels: list[dict[str, Any]] = []
    if times > 1:
        pars = {"uiCount": times, "dStart": 0.0, "dPeriod": 1000.0, "dDuration": 1000.0 * times}
        levels.append({"eType": _TIMES, "uLoopPars": pars})
    if positions:
        levels.append({"eType": _POSITIONS, "uLoopPars": {"bUseZ": True, "Points": points}})
    if slices > 1:
        levels.append({"eType": _SLICES, "uLoopPars": {"uiCount": slices, "dZStep": 1.5, "iType": 2}})
    plan: dict[str, Any] | None = None
    for level in reversed(levels):
        plan = {**level, **({} if plan is None else {"ppNextLevelEx": {"i0000000000": plan}})}
    return plan


def _variant(values: Mapping[str, Any]) -> bytes:
    return b"".join(_item(name, value) for name, value in values.items())


def _item(name: str, value: Any) -> bytes:
    """Type, length of the name, the name, the value."""
    encoded = f"{name}\0".encode("utf-16-le")

    def of(kind: int, data: bytes) -> bytes:
        return struct.pack("<BB", kind, len(encoded) // 2) + encoded + data

    if isinstance(value, bool):
        return of(1, struct.pack("<B", value))
    if isinstance(value, int):
        return of(3, struct.pack("<I", value))
    if isinstance(value, float):
        return of(6, struct.pack("<d", value))
    if isinstance(value, str):
        return of(8, f"{value}\0".encode("utf-16-le"))
    inner = _variant(value)
    length = 2 + len(encoded) + 12 + len(inner)
    return of(11, struct.pack("<IQ", len(value), length) + inner + bytes(8 * len(value)))


def _file(chunks: Mapping[str, bytes]) -> bytes:
    signature = b"ND2 FILE SIGNATURE CHUNK NAME01!"
    file = bytearray(struct.pack("<IIQ", _MAGIC, 32, 64) + signature + b"Ver3.0".ljust(64, b"\0"))
    places = b""
    for name, data in chunks.items():
        file += bytes(-len(file) % _ALIGNMENT)
        # Data begin with a page, pixels behind the time of their frame.
        reserve = _ALIGNMENT - 16 - (8 if name.startswith("ImageDataSeq") else 0)
        places += name.encode() + struct.pack("<QQ", len(file), len(data))
        file += struct.pack("<IIQ", _MAGIC, reserve, len(data)) + name.encode().ljust(reserve, b"\0") + data
    file += bytes(-len(file) % _ALIGNMENT)
    at = len(file)
    places += b"ND2 CHUNK MAP SIGNATURE 0000001!" + struct.pack("<Q", at)
    name = b"ND2 FILEMAP SIGNATURE NAME 0001!"
    return bytes(file) + struct.pack("<IIQ", _MAGIC, 32, len(places)) + name + places
