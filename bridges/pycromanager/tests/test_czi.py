"""CZI files that Zeiss' own library writes, and the agent's verdicts on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pylibCZIrw import czi

from conftest import needs_program
from parfocal import Agent, FileNotReadError, score_file
from parfocal.microscope_files import frames_in
from parfocal_bridge.messages import Optics, Stack

WIDTH, HEIGHT = 130, 120
OPTICS = """<Instrument><Objectives><Objective Id="Objective:1"><LensNA>0.8</LensNA>
<NominalMagnification>20</NominalMagnification></Objective></Objectives></Instrument>"""
LIGHT = "<ExposureTime>25000000</ExposureTime><EmissionWavelength>465</EmissionWavelength>"
SETTINGS = """<ObjectiveSettings><RefractiveIndex>1.33</RefractiveIndex></ObjectiveSettings>"""
SCENES = """<S><Scenes>
<Scene Index="0" Name="P1"><ArrayName>B2</ArrayName><CenterPosition>1000,2000</CenterPosition></Scene>
<Scene Index="1" Name="P2"><ArrayName>B2</ArrayName><CenterPosition>1500,2000</CenterPosition></Scene>
<Scene Index="2" Name="P1"><Shape Name="C03"/><CenterPosition>9000,8000</CenterPosition></Scene>
</Scenes></S>"""


def image(seed: int, dtype: str = "uint16", width: int = WIDTH, height: int = HEIGHT) -> NDArray[Any]:
    noise = np.random.default_rng(seed).integers(1, 200, (height, width))
    return noise.astype(dtype)


def write(path: Path, planes: dict[tuple[int, int, int, int], NDArray[Any]], compression: str = "") -> Path:
    """By scene, time, channel and slice."""
    with czi.create_czi(str(path), compression_options=compression or None) as writer:
        for (scene, time, channel, z), pixels in planes.items():
            at = {"T": time, "C": channel, "Z": z}
            writer.write(pixels, location=(5000 * scene, 0), plane=at, scene=scene)
        names = {channel: ["DAPI", "GFP"][channel] for channel in {key[2] for key in planes}}
        size = {"scale_x": 0.325e-6, "scale_y": 0.325e-6, "scale_z": 1.5e-6}
        writer.write_metadata("test", channel_names=names, **size)
    return path


def describe(path: Path, *changes: tuple[str, str]) -> None:
    """Puts into the metadata what the library's writer cannot say."""
    with czi.edit_czi(str(path)) as editor:
        xml = editor.read_metadata_xml()
        for before, after in changes:
            assert before in xml
            xml = xml.replace(before, after, 1)
        with editor.edit_session() as session:
            session.set_xml(xml)


@pytest.mark.parametrize("compression", ["", "zstd0:ExplicitLevel=10", "zstd1:ExplicitLevel=2"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_gives_every_plane_with_its_pixels_channel_time_and_slice(
    tmp_path: Path, dtype: str, compression: str
) -> None:
    keys = [(0, t, c, z) for t in range(2) for c in range(2) for z in range(3)]
    planes = {key: image(i, dtype) for i, key in enumerate(keys)}
    found = list(frames_in(write(tmp_path / "a.czi", planes, compression)))

    assert [(0, f.time_index, ["DAPI", "GFP"].index(f.channel or ""), f.z_index) for _, f in found] == keys
    for (pixels, _), expected in zip(found, planes.values(), strict=True):
        np.testing.assert_array_equal(pixels, expected)
        assert pixels.dtype == np.dtype(dtype)
    last = found[-1][1]
    assert last.stack == Stack(size=3, last=True)
    assert found[0][1].stack == Stack(size=3, last=False)
    assert last.pixel_um == pytest.approx(0.325)
    assert last.z_um == pytest.approx(3)
    assert last.optics is None


def test_says_well_stage_and_optics(tmp_path: Path) -> None:
    file = write(tmp_path / "plate 7.czi", {(scene, 0, 0, 0): image(scene) for scene in range(3)})
    describe(
        file,
        ("<Image>", f"{OPTICS}<Image>{SETTINGS}"),
        ("</Channels>", f"</Channels>{SCENES}"),
        ("<PixelType>Gray16", f"{LIGHT}<PixelType>Gray16"),
    )
    frames = [frame for _, frame in frames_in(file)]

    sites = [(f.site.name, f.site.well, f.site.index, f.site.plate, f.site.position) for f in frames]
    assert sites == [
        ("B2-Site_0", "B2", 0, "plate 7", 0),
        ("B2-Site_1", "B2", 1, "plate 7", 1),
        ("C03-Site_0", "C03", 0, "plate 7", 2),
    ]
    assert [(f.x_um, f.y_um) for f in frames] == [(1000, 2000), (1500, 2000), (9000, 8000)]
    assert frames[0].optics == Optics(na=0.8, wavelength_nm=465, refractive_index=1.33, magnification=20)
    assert frames[0].exposure_ms == 25


def test_takes_each_tile_of_a_mosaic_and_no_plane_that_was_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "slide.czi"
    with czi.create_czi(str(file)) as writer:
        for column in range(3):
            for channel in range(2 if column < 2 else 1):
                writer.write(
                    image(10 * column + channel), location=(WIDTH * column, 40 * column), plane={"C": channel}
                )
        writer.write_metadata("test", channel_names={0: "DAPI", 1: "GFP"})
    found = list(frames_in(file))

    assert [(f.site.name, f.channel) for _, f in found] == [
        ("slide-Site_0", "DAPI"),
        ("slide-Site_0", "GFP"),
        ("slide-Site_1", "DAPI"),
        ("slide-Site_1", "GFP"),
        ("slide-Site_2", "DAPI"),
    ]
    np.testing.assert_array_equal(found[-1][0], image(20))
    assert {f.stack for _, f in found} == {None}


def test_judges_colours_by_their_luminance_and_floats_by_their_range(tmp_path: Path) -> None:
    colours = np.stack([image(i, "uint8") for i in range(3)], axis=-1)
    [(pixels, _)] = frames_in(write(tmp_path / "rgb.czi", {(0, 0, 0, 0): colours}))
    blue, green, red = (colours[..., i].astype(float) for i in range(3))
    np.testing.assert_allclose(pixels, 0.299 * red + 0.587 * green + 0.114 * blue, atol=0.51)
    assert pixels.dtype == np.uint8

    floats = image(3).astype("float32") / 1000
    [(counts, _)] = frames_in(write(tmp_path / "float.czi", {(0, 0, 0, 0): floats}))
    assert (counts.dtype, counts.min(), counts.max()) == (np.uint16, 0, 65535)


@pytest.mark.parametrize("size", [(84, 84), (2048, 1000), (33, 700)])
def test_reads_images_of_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    expected = image(5, width=size[0], height=size[1])
    [(pixels, frame)] = frames_in(write(tmp_path / "a.czi", {(0, 0, 0, 0): expected}))
    np.testing.assert_array_equal(pixels, expected)
    assert frame.site.name == "a"


def test_names_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotReadError, match="no such file"):
        list(frames_in(tmp_path / "none.czi"))
    with pytest.raises(FileNotReadError, match="parfocal score"):
        list(frames_in(tmp_path / "a.tif"))
    whole = write(tmp_path / "a.czi", {(0, 0, 0, 0): image(1)}).read_bytes()
    for name, content in {"text": b"no CZI at all", "empty": b"", "cut": whole[: len(whole) // 2]}.items():
        file = tmp_path / f"{name}.czi"
        file.write_bytes(content)
        with pytest.raises(FileNotReadError, match=f"{name}.czi: this CZI cannot be read"):
            list(frames_in(file))


def test_gets_a_verdict_on_every_frame(tmp_path: Path) -> None:
    needs_program()
    keys = [(scene, 0, channel, 0) for scene in range(3) for channel in range(2)]
    file = write(tmp_path / "plate.czi", {key: image(i, width=300, height=300) for i, key in enumerate(keys)})
    describe(file, ("</Channels>", f"</Channels>{SCENES}"))
    judged = score_file(file, tmp_path / "results")

    assert [each.frame.site.well for each in judged] == ["B2", "B2", "B2", "B2", "C03", "C03"]
    assert all(each.verdict is not None and each.verdict.action is None for each in judged)
    rows = (tmp_path / "results" / "sites.csv").read_text().splitlines()
    assert len(rows) == 7
    assert sum(",C03," in row for row in rows) == 2


def test_parfocal_send_shows_verdicts_of_the_agent_that_runs(tmp_path: Path) -> None:
    needs_program()
    file = write(tmp_path / "a.czi", {(0, 0, 0, 0): image(1, width=300, height=300)})
    command = [sys.executable, "-m", "parfocal", "send", str(file), str(tmp_path / "none.czi"), "--address"]
    with Agent(tmp_path / "results") as agent:
        done = subprocess.run(
            [*command, agent.address], capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 1
    assert done.stdout.startswith("a  DAPI  t 0  z 0  ")
    assert "none.czi: there is no such file" in done.stderr
