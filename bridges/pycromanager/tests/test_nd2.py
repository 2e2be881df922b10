"""ND2 files, as the package nd2 reads them, and the agent's verdicts on them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import needs, needs_program
from nd2_writer import write_nd2
from parfocal import FileNotReadError, score_file
from parfocal.microscope_files import frames_in
from parfocal_bridge.messages import Optics, Stack

needs("nd2")

WIDTH, HEIGHT = 130, 120


def frame(seed: int, components: int = 2, dtype: str = "uint16", side: int = 0) -> NDArray[Any]:
    noise = np.random.default_rng(seed).integers(1, 200, (side or HEIGHT, side or WIDTH, components))
    return noise.astype(dtype)


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gives_every_plane_with_its_pixels_channel_time_and_slice(
    tmp_path: Path, dtype: str, is_compressed: bool
) -> None:
    frames = [frame(i, dtype=dtype) for i in range(6)]
    file = write_nd2(
        tmp_path / "a.nd2", frames, channels=["DAPI", "GFP"], times=2, slices=3, is_compressed=is_compressed
    )
    found = list(frames_in(file))

    names = ["DAPI", "GFP"]
    keys = [(f.time_index, names.index(f.channel or ""), f.z_index) for _, f in found]
    assert keys == [(t, c, z) for t in range(2) for c in range(2) for z in range(3)]
    for (pixels, _), (t, c, z) in zip(found, keys, strict=True):
        np.testing.assert_array_equal(pixels, frames[3 * (t or 0) + (z or 0)][..., c])
        assert pixels.dtype == np.dtype(dtype)
    first, last = found[0][1], found[-1][1]
    assert (first.stack, last.stack) == (Stack(size=3, last=False), Stack(size=3, last=True))
    assert (first.z_um, last.z_um) == (0, 3)
    assert (first.site.name, first.site.well, first.optics) == ("a", None, None)
    assert last.pixel_um == pytest.approx(0.325)


def test_says_well_stage_and_optics(tmp_path: Path) -> None:
    positions = [
        {"dPosName": "B02", "dPosX": 1000.0, "dPosY": 2000.0, "dPosZ": 30.0},
        {"dPosName": "B02", "dPosX": 1500.0, "dPosY": 2000.0, "dPosZ": 31.0},
        {"dPosName": "C3_0004", "dPosX": 9000.0, "dPosY": 8000.0, "dPosZ": 32.0},
        {"dPosX": 0.0, "dPosY": 1.0, "dPosZ": 33.0},
    ]
    optics = {"dObjectiveNA": 0.8, "dObjectiveMag": 20.0, "dRefractIndex1": 1.33}
    file = write_nd2(
        tmp_path / "plate 7.nd2",
        [frame(i, 1) for i in range(4)],
        channels=["DAPI"],
        positions=positions,
        optics=optics,
    )
    frames = [found for _, found in frames_in(file)]

    sites = [(f.site.name, f.site.well, f.site.index, f.site.plate, f.site.position) for f in frames]
    assert sites == [
        ("B02", "B02", None, "plate 7", 0),
        ("B02-Site_1", "B02", 1, "plate 7", 1),
        ("C3_0004", "C3", 4, "plate 7", 2),
        ("xy04", None, None, None, 3),
    ]
    assert [(f.x_um, f.y_um, f.z_um) for f in frames] == [
        *[(1000, 2000, 30), (1500, 2000, 31), (9000, 8000, 32), (0, 1, 33)]
    ]
    assert frames[0].optics == Optics(na=0.8, wavelength_nm=465, refractive_index=1.33, magnification=20)


def test_has_the_frames_of_a_run_that_was_stopped(tmp_path: Path) -> None:
    frames = [frame(i, 1) for i in range(4)]
    found = list(frames_in(write_nd2(tmp_path / "a.nd2", frames, channels=["BF"], times=2, slices=3)))
    assert [(f.time_index, f.z_index) for _, f in found] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert found[-1][1].stack is None


def test_loses_no_frame_that_the_plan_does_not_tell_apart(tmp_path: Path) -> None:
    frames = [frame(i, 1) for i in range(5)]
    found = list(frames_in(write_nd2(tmp_path / "a.nd2", frames, channels=["BF"], slices=2)))
    assert [(f.time_index, f.z_index) for _, f in found] == [(i, 0) for i in range(5)]
    np.testing.assert_array_equal(found[4][0], frames[4][..., 0])


def test_reads_pixels_where_the_package_cannot_read_the_metadata(tmp_path: Path) -> None:
    """It fails on planes without a fluorescent probe (nd2 0.12.0)."""
    file = write_nd2(tmp_path / "a.nd2", [frame(1)], channels=["BF", "DIC"], emission_nm=None)
    found = list(frames_in(file))
    assert [(f.channel, f.optics, f.pixel_um) for _, f in found] == [
        ("channel0", None, None),
        ("channel1", None, None),
    ]
    np.testing.assert_array_equal(found[1][0], frame(1)[..., 1])


def test_judges_colours_by_their_luminance(tmp_path: Path) -> None:
    colours = frame(1, 3, "uint8")
    [(pixels, found)] = frames_in(write_nd2(tmp_path / "rgb.nd2", [colours], channels=["Brightfield"]))
    np.testing.assert_allclose(pixels, colours.astype(float) @ [0.299, 0.587, 0.114], atol=0.51)
    assert (pixels.dtype, found.channel) == (np.uint8, "Brightfield")


def test_keeps_images_when_the_file_is_closed(tmp_path: Path) -> None:
    """Views of a file that is mapped into memory would end the program."""
    file = write_nd2(tmp_path / "a.nd2", [frame(1, 1)], channels=["DAPI"])
    [(pixels, _)] = list(frames_in(file))
    file.unlink()
    assert pixels.flags.owndata and pixels.sum() == frame(1, 1).sum()


def test_names_what_cannot_be_read(tmp_path: Path) -> None:
    whole = write_nd2(tmp_path / "a.nd2", [frame(1)], channels=["DAPI", "GFP"]).read_bytes()
    old = bytes.fromhex("0000000c6a5020200d0a870a") + bytes(100)
    damaged = {"text": b"no ND2 at all", "empty": b"", "cut": whole[: len(whole) // 2], "old": old}
    for name, content in damaged.items():
        file = tmp_path / f"{name}.nd2"
        file.write_bytes(content)
        with pytest.raises(FileNotReadError, match=rf"{name}.nd2: this ND2 (cannot be read|is an old one)"):
            list(frames_in(file))


def test_says_which_package_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_nd2(tmp_path / "a.nd2", [frame(1)], channels=["DAPI", "GFP"])
    monkeypatch.setitem(sys.modules, "nd2", None)
    monkeypatch.delitem(sys.modules, "parfocal.nd2", raising=False)
    with pytest.raises(FileNotReadError, match=r'ND2 needs a package: pip install "parfocal\[nd2\]"'):
        list(frames_in(file))


def test_gets_a_verdict_on_every_frame(tmp_path: Path) -> None:
    needs_program()
    positions = [{"dPosName": name, "dPosX": 0.0, "dPosY": 0.0, "dPosZ": 0.0} for name in ("B2", "C3")]
    frames = [frame(i, side=300) for i in range(2)]
    file = write_nd2(tmp_path / "plate.nd2", frames, channels=["DAPI", "GFP"], positions=positions)
    judged = score_file(file, tmp_path / "results")

    assert [(each.frame.site.well, each.frame.channel) for each in judged] == [
        *[("B2", "DAPI"), ("B2", "GFP"), ("C3", "DAPI"), ("C3", "GFP")]
    ]
    assert all(each.verdict is not None for each in judged)
    rows = (tmp_path / "results" / "sites.csv").read_text().splitlines()
    assert sum(",C03," in row for row in rows) == 2
