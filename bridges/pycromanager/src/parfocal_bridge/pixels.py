"""From an image to the second part of a frame message."""

from __future__ import annotations

from typing import Any

import numpy as np

MAX_SIDE_PX = 32768


def wire_pixels(image: Any) -> tuple[str, tuple[int, int], bytes]:
    """Pixel type, (height, width) in px, and a copy of the pixels, little-endian in row order.

    Takes uint8 and uint16 arrays with two axes, of any byte order and memory layout; raises ValueError, with
    what was given, for anything else.
    """
    if not isinstance(image, np.ndarray):
        raise ValueError(f"an image is a numpy array, not {type(image).__name__}")
    if image.ndim != 2:
        raise ValueError(f"an image has two axes (height, width); this one has shape {image.shape}")
    if image.dtype.kind != "u" or image.dtype.itemsize not in (1, 2):
        raise ValueError(f"an image is uint8 or uint16, not {image.dtype}")
    height, width = image.shape
    if not (1 <= height <= MAX_SIDE_PX and 1 <= width <= MAX_SIDE_PX):
        raise ValueError(f"an image has 1 to {MAX_SIDE_PX} px a side; this one has shape {image.shape}")
    # A masked array would put fill values in the place of what is masked.
    image = np.asarray(image)
    if image.dtype.itemsize == 1:
        return "uint8", (height, width), image.tobytes()
    return "uint16", (height, width), image.astype("<u2", copy=False).tobytes()
