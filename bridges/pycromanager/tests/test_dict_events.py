"""What is read from pycro-manager's events, and what is acquired instead of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from parfocal_bridge import FocusClient, Frame, Site, ZLimits
from parfocal_bridge.dict_events import DictEvents
from parfocal_bridge.events import Delivered
from parfocal_bridge.gate_rules import GateRules
from parfocal_bridge.site_names import SiteNames

IMAGE = np.zeros((8, 8), np.uint16)
PLANNED: dict[str, Any] = {
    "axes": {"position": "A1", "time": 1},
    "z": 5.0,
    "min_start_time": 60,
    "exposure": 3,
}


def frame_of(event: dict[str, Any], metadata: dict[str, Any], camera: str | None = None) -> Frame:
    return DictEvents(None).frame(event, 1, Delivered(IMAGE, metadata, camera, None))


@pytest.mark.parametrize(
    ("event", "shift_um", "base_um", "z_um"),
    [
        ({"axes": {}, "z": 5}, 0.0, None, 5),
        ({"axes": {}, "z": 5}, 1.5, 9.0, 6.5),
        ({"axes": {}, "z": 5}, -1.5, None, 3.5),
        ({"axes": {}}, 1.5, 9.0, 10.5),
        ({"axes": {}}, 0.0, 9.0, 9.0),
        ({"axes": {}}, 1.5, None, None),
    ],
)
def test_an_attempt_is_the_event_at_its_own_z_shifted(
    event: dict[str, Any], shift_um: float, base_um: float | None, z_um: float | None
) -> None:
    assert DictEvents(None).at(event, 2, shift_um, base_um).get("z") == z_um


def test_a_retry_is_told_by_its_attempt_and_waits_for_no_start_time() -> None:
    first, retry = (DictEvents(None).at(PLANNED, number, 0.0, None) for number in (0, 1))
    assert first == {**PLANNED, "axes": {**PLANNED["axes"], "attempt": 0}}
    assert retry == {"axes": {**PLANNED["axes"], "attempt": 1}, "z": 5.0, "exposure": 3}
    assert "z" not in DictEvents(None).without_z(PLANNED, 0)
    assert PLANNED["axes"] == {"position": "A1", "time": 1}, "the plan is left as it is"


@pytest.mark.parametrize(
    ("event", "metadata", "camera", "channel"),
    [
        ({"axes": {"channel": "DAPI"}, "config_group": ["Channel", "FITC"]}, {}, None, "DAPI"),
        ({"axes": {}, "config_group": ["Channel", "FITC"]}, {"Channel": "Cy5"}, None, "FITC"),
        ({"axes": {}}, {"Channel": "Cy5"}, None, "Cy5"),
        ({"axes": {}}, {}, None, None),
        ({"axes": {"channel": 2}}, {}, None, "2"),
        ({"axes": {"channel": "DAPI"}}, {}, "Cam2", "DAPI-Cam2"),
        ({"axes": {"channel": "DAPI", "camera": "Cam1"}}, {}, None, "DAPI-Cam1"),
    ],
)
def test_the_channel_is_that_of_the_axes_or_else_the_preset_or_what_the_image_says(
    event: dict[str, Any], metadata: dict[str, Any], camera: str | None, channel: str | None
) -> None:
    assert frame_of(event, metadata, camera).channel == channel


@pytest.mark.parametrize(("said", "known"), [(7, None), (8, 8), (12, 12), (16, 16), (17, None), ("12", None)])
def test_a_bit_depth_that_cannot_be_is_not_told(said: Any, known: int | None) -> None:
    assert frame_of(PLANNED, {"BitDepth": said}).bit_depth == known


def test_what_the_event_says_goes_before_what_the_image_says() -> None:
    metadata = {
        **{"ZPosition_um_Intended": 9.0, "Exposure": 40.0, "PixelSizeUm": 0.0, "PixelSize_um": 0.65},
        **{"XPosition_um_Intended": 100.0, "YPosition_um_Intended": 0.0},
    }
    told = frame_of({**PLANNED, "x": 0.0, "y": -3.0}, metadata)
    assert (told.z_um, told.exposure_ms, told.x_um, told.y_um) == (5.0, 3.0, 0.0, -3.0)
    assert (told.attempt, told.time_index, told.pixel_um, told.z_source) == (1, 1, 0.65, "intended")
    seen = frame_of({"axes": {"position": 2}}, metadata)
    assert (seen.z_um, seen.exposure_ms, seen.x_um, seen.y_um) == (9.0, 40.0, 100.0, 0.0)
    assert seen.site == Site(name="p2", position=2)


def test_a_site_is_acquired_once_at_least() -> None:
    assert GateRules(ZLimits(-1, 1), max_attempts=1).max_attempts == 1
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="max_attempts must be at least 1"):
            GateRules(ZLimits(-1, 1), max_attempts=wrong)
    with pytest.raises(ValueError, match="stacks is gate or observe, not 'judge'"):
        GateRules(ZLimits(-1, 1), stacks="judge")
    with pytest.raises(ValueError, match=r"channels is a list of names: \['DAPI'\]"):
        GateRules(ZLimits(-1, 1), channels="DAPI")


@pytest.mark.parametrize("wrong", [{"observe_queue": 0}, {"misses_until_degraded": 0}])
def test_a_client_without_a_queue_or_patience_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        FocusClient("tcp://127.0.0.1:9", **wrong)


def test_whole_numbers_of_numpy_are_numbers_of_time_slice_and_position() -> None:
    event = {"axes": {"position": np.int32(2), "time": np.int64(1), "z": np.uint8(3)}}
    told = frame_of(event, {})
    assert (told.time_index, told.z_index, told.site.position) == (1, 3, 2)
    assert frame_of({"axes": {"time": 1.5, "z": "top"}}, {}).time_index is None


def test_a_site_that_is_imaged_again_with_one_client_is_another_time_point() -> None:
    names = SiteNames()
    events = [DictEvents(None, names=names) for _ in range(2)]
    times = [[run.time_index({"axes": {"position": name}}) for name in "AB"] for run in events]
    assert times == [[None, None], [1, 1]]
    assert events[1].time_index({"axes": {"position": "A", "time": 7}}) == 7
