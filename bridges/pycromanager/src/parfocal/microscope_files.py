"""Planes of files that Parfocal's own program does not read, as frames: CZI of ZEN, ND2 of NIS-Elements."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from parfocal_bridge.messages import Frame

# ITU-R BT.601, as for all colour images.
_LUMINANCE = (0.299, 0.587, 0.114)
_MOST_COUNTS = 65535
# By the ending of the file: what gives its frames, in the module, and with the extra, of the same name.
_READERS = {"czi": "frames_in_czi", "nd2": "frames_in_nd2"}


class FileNotReadError(ValueError):
    """A file cannot be read; says which and why."""


def frames_in(path: str | os.PathLike[str]) -> Iterator[tuple[np.ndarray[Any, Any], Frame]]:
    """The camera's images in a file, with where, when and how they were taken.

    :returns: images of uint8 or uint16 with two axes, and frames that say site, channel, time, z and optics.
    :raises FileNotReadError: where it is no such file, is damaged, or the package that reads it is missing.
    """
    file = Path(path)
    kind = file.suffix.lower().removeprefix(".")
    if kind not in _READERS:
        raise FileNotReadError(
            f"{file}: only CZI and ND2 are read here; TIFF, PNG and OME-Zarr: parfocal score"
        )
    if not file.is_file():
        raise FileNotReadError(f"{file}: there is no such file")
    try:
        reader = import_module(f"parfocal.{kind}")
    except ImportError as error:
        raise FileNotReadError(
            f'{file}: {kind.upper()} needs a package: pip install "parfocal[{kind}]"'
        ) from error
    yield from getattr(reader, _READERS[kind])(file)


def counts_of(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Pixels as counts: uint8 and uint16 as they are, others over 0 to 65535, colours as their luminance.

    :param pixels: with two axes, or with a third of red, green and blue.
    """
    if pixels.ndim == 3:
        kind = pixels.dtype
        pixels = pixels[..., :3].astype(np.float64) @ np.array(_LUMINANCE)
        if kind in (np.uint8, np.uint16):
            return np.asarray(np.rint(pixels).astype(kind))
    if pixels.dtype in (np.uint8, np.uint16):
        return pixels
    values = np.nan_to_num(pixels.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = values.min(), values.max()
    gain = _MOST_COUNTS / (high - low) if high > low else 0.0
    return np.asarray(np.rint((values - low) * gain).astype(np.uint16))
