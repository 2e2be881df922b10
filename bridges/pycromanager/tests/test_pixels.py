from __future__ import annotations

import numpy as np
import pytest

from parfocal_bridge.pixels import wire_pixels


def test_pixels_go_out_little_endian_in_row_order_whatever_their_layout() -> None:
    image = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300
    expected = ("uint16", (3, 4), image.astype("<u2").tobytes())
    assert wire_pixels(image) == expected
    assert wire_pixels(image.astype(">u2")) == expected
    assert wire_pixels(np.asfortranarray(image)) == expected
    assert wire_pixels(np.repeat(image, 2, axis=1)[:, ::2]) == expected
    assert wire_pixels(np.ma.masked_greater(image, 600)) == expected
    assert wire_pixels(np.uint8([[1, 2], [3, 4]])) == ("uint8", (2, 2), b"\1\2\3\4")


@pytest.mark.parametrize(
    ("image", "named"),
    [
        (np.zeros((4, 4), np.float32), "float32"),
        (np.zeros((4, 4), np.int16), "int16"),
        (np.zeros((4, 4), np.uint32), "uint32"),
        (np.zeros((4, 4), bool), "bool"),
        (np.zeros((2, 4, 4), np.uint8), r"\(2, 4, 4\)"),
        (np.zeros((0, 4), np.uint8), r"\(0, 4\)"),
        (np.zeros((1, 32769), np.uint8), r"\(1, 32769\)"),
        ([[1, 2]], "list"),
        (None, "NoneType"),
    ],
)
def test_anything_else_is_refused_by_name(image: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        wire_pixels(image)
