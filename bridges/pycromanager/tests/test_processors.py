"""Image processors that do what pycro-manager allows them, and acquisitions that end early."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fake_agent import FakeAgent
from parfocal_bridge import FocusClient, SiteResult, ZLimits
from parfocal_bridge.pycromanager import FrameCollector, _Acquisition, gate_loop
from pycro_runs import acquire
from runs import ACCEPT, PATIENT_MS, RUN_S, move, scripted

LIMITS = ZLimits(-40, 40)
PROMPT_S = 10.0
"""Far less than an image may take, 30 s."""


def positions(*names: str, z_um: float = 0.0) -> list[dict[str, Any]]:
    return [
        {"axes": {"position": name}, "x": 600.0 * i, "y": 0.0, "z": z_um, "exposure": 2.0}
        for i, name in enumerate(names)
    ]


def gate(
    core: Any,
    frames: FrameCollector,
    events: list[dict[str, Any]],
    answer: Any = None,
    during: Callable[[Any, int], None] = lambda acq, count: None,
) -> tuple[Any, list[SiteResult], FakeAgent]:
    results: list[SiteResult] = []
    with FakeAgent(ACCEPT if answer is None else None, answer=answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)

            def work(acq: Any) -> None:
                def on_site(result: SiteResult) -> None:
                    results.append(result)
                    during(acq, len(results))

                gate_loop(acq, events, client, frames, limits=LIMITS, core=core, on_site=on_site)

            dataset = acquire(frames, work)
        agent.wait_for("bye", 1)
    return dataset, results, agent


def saved(dataset: Any) -> list[Any]:
    axes = dataset.get_image_coordinates_list()
    return sorted(tuple(sorted((name, str(value)) for name, value in each.items())) for each in axes)


def test_an_image_that_the_processor_keeps_to_itself_is_judged_and_not_saved(headless: Any) -> None:
    def keeps_b(image: Any, metadata: Any) -> Any:
        return None if metadata["Axes"]["position"] == "b" else (image, metadata)

    started_s = time.monotonic()
    dataset, results, _ = gate(headless, FrameCollector(keeps_b), positions("a", "b", "c"))
    assert [result.status for result in results] == ["judged"] * 3
    assert [dict(axes)["position"] for axes in saved(dataset)] == ["a", "c"]
    assert time.monotonic() - started_s < PROMPT_S


def test_a_collector_that_is_used_again_knows_nothing_of_the_acquisition_before() -> None:
    def raises(image: Any, metadata: Any) -> Any:
        raise ZeroDivisionError

    frames = FrameCollector(raises)
    event = {"Axes": {"position": "a", "attempt": 0}}
    with pytest.raises(ZeroDivisionError):
        frames(np.zeros((8, 8), np.uint16), event)
    frames.begin(None)
    assert frames.failure is None

    frames = FrameCollector()
    frames(np.zeros((8, 8), np.uint16), event)
    frames.begin(None)
    assert frames.take(event["Axes"], 0.1, 1, lambda: False) == (), "an image that came too late before"


def test_of_several_images_the_one_of_the_event_is_judged_and_all_are_saved(headless: Any) -> None:
    def with_mask(image: Any, metadata: Any) -> Any:
        mask = json.loads(json.dumps(metadata, default=str)) | {
            "Axes": dict(metadata["Axes"], derived="mask")
        }
        marked = image.copy()
        marked[0, 0] = 77
        return [(np.zeros_like(image), mask), (marked, metadata)]

    dataset, results, agent = gate(headless, FrameCollector(with_mask), positions("a", "b"))
    assert [result.status for result in results] == ["judged"] * 2
    assert [int.from_bytes(pixels[:2], "little") for _, pixels in agent.received["frame"]] == [77, 77]
    assert len(saved(dataset)) == 4
    assert int(dataset.read_image(position="a", attempt=0, derived="mask").max()) == 0


def test_a_processor_may_ask_for_the_queue_of_events(headless: Any) -> None:
    queues: list[Any] = []

    def with_queue(image: Any, metadata: Any, event_queue: Any) -> Any:
        queues.append(event_queue)
        return image, metadata

    _, results, _ = gate(headless, FrameCollector(with_queue), positions("a"))
    assert [result.status for result in results] == ["judged"]
    assert all(hasattr(each, "put") for each in queues) and queues


def test_a_processor_that_raises_ends_the_acquisition_at_once_with_its_own_error(headless: Any) -> None:
    def failing(image: Any, metadata: Any) -> Any:
        if metadata["Axes"]["position"] == "b":
            raise ZeroDivisionError("the user's processor")
        return image, metadata

    started_s = time.monotonic()
    frames = FrameCollector(failing)
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        events = positions("a", "b", "c")
        with pytest.raises(Exception, match="the user's processor") as raised:
            acquire(frames, lambda acq: gate_loop(acq, events, client, frames, limits=LIMITS, core=headless))
        agent.wait_for("abandon", 2)
    assert ZeroDivisionError in (type(raised.value), type(raised.value.__context__))
    assert time.monotonic() - started_s < PROMPT_S
    said = [(m["site"]["name"], m["why"]) for (m,) in agent.received["abandon"]]
    assert said == [("b", "skipped"), ("c", "skipped")]


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        (lambda image, metadata: image, "ndarray"),
        (lambda image, metadata: (image, metadata, 1), r"\(ndarray, dict, int\)"),
        (lambda image, metadata: (image, {}), r"\(ndarray, dict\)"),
        (lambda image, metadata: [(image, metadata), (image,)], r"\(ndarray\)"),
        (lambda image, metadata: (metadata, image), r"\(dict, ndarray\)"),
    ],
)
def test_a_processor_that_returns_no_image_ends_the_acquisition_and_is_told_so(
    returned: Callable[[Any, Any], Any], kind: str, headless: Any
) -> None:
    with pytest.raises(Exception, match=f"this one returned {kind}"):
        gate(headless, FrameCollector(returned), positions("a", "b"))


@pytest.mark.parametrize(
    "hook",
    ["event_generation_hook_fn", "pre_hardware_hook_fn", "post_hardware_hook_fn", "post_camera_hook_fn"],
)
def test_a_hook_that_raises_ends_the_acquisition_with_its_own_error(hook: str, headless: Any) -> None:
    def failing(event: Any) -> Any:
        if event["axes"]["position"] == "b":
            raise KeyError("the user's hook")
        return event

    frames = FrameCollector()
    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        events = positions("a", "b", "c")

        def work(acq: Any) -> None:
            gate_loop(acq, events, client, frames, limits=LIMITS, core=headless)

        with pytest.raises(KeyError, match="the user's hook"):
            acquire(frames, work, **{hook: failing})
        agent.wait_for("abandon", 2)
    reason = 'the run ended with an error: KeyError: "the user\'s hook"'
    said = [
        (m["site"]["name"], m["why"], m["reason"], m.get("cancelled")) for (m,) in agent.received["abandon"]
    ]
    assert said == [(name, "skipped", reason, None) for name in "bc"]


def test_an_aborted_acquisition_ends_at_once_and_its_sites_are_told(headless: Any) -> None:
    started_s = time.monotonic()
    _, results, agent = gate(
        headless,
        FrameCollector(),
        positions("a", "b", "c", "d"),
        during=lambda acq, count: acq.abort() if count == 2 else None,
    )
    assert time.monotonic() - started_s < PROMPT_S
    assert [result.site.name for result in results] == ["a", "b"]
    said = [(m["site"]["name"], m["why"], m["cancelled"]) for (m,) in agent.received["abandon"]]
    assert said == [("c", "skipped", True), ("d", "skipped", True)]


def test_an_acquisition_that_is_aborted_in_mid_search_goes_home(headless: Any) -> None:
    aborting: list[Any] = []
    asking = scripted(move(7) | {"keepAttempt": 0})

    def abort_and_answer(message: dict[str, Any]) -> list[bytes]:
        if message["type"] == "frame" and message["attempt"] == 1:
            aborting[0].abort()
        answer: list[bytes] = asking(message)
        return answer

    frames = FrameCollector()
    results: list[SiteResult] = []
    with FakeAgent(answer=abort_and_answer) as agent:
        with FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
            assert client.wait_for_agent(RUN_S)

            def work(acq: Any) -> None:
                aborting.append(acq)
                keyed: dict[str, Any] = dict(limits=LIMITS, core=headless, on_site=results.append)
                gate_loop(acq, positions("a", "b", z_um=5.0), client, frames, **keyed)

            acquire(frames, work)
        agent.wait_for("bye", 1)
    assert headless.get_position() == pytest.approx(5.0, abs=0.05)
    assert [result.refused_why for result in results] == ["cancelled"]
    said = [(m["site"]["name"], m["why"]) for (m,) in agent.received["abandon"]]
    assert said == [("a", "cancelled"), ("b", "skipped")]


def test_a_retry_whose_image_never_comes_goes_home(headless: Any) -> None:
    class Losing(FrameCollector):
        def __call__(self, image: Any, metadata: Any, event_queue: Any = None) -> Any:
            if metadata["Axes"]["attempt"] == 1:
                return image, metadata
            return super().__call__(image, metadata, event_queue)

    frames = Losing()
    results: list[SiteResult] = []
    answer = scripted(move(7) | {"keepAttempt": 0})
    with FakeAgent(answer=answer) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        keyed: dict[str, Any] = dict(
            limits=LIMITS, core=headless, image_timeout_s=0.3, on_site=results.append
        )
        acquire(frames, lambda acq: gate_loop(acq, positions("a", z_um=5.0), client, frames, **keyed))
    assert [result.status for result in results] == ["no-frame"]
    assert headless.get_position() == pytest.approx(5.0, abs=0.05)


def test_only_the_kept_images_are_saved_each_in_the_place_of_the_plan(headless: Any) -> None:
    taken = iter(range(1, 100))

    def counted(image: Any, metadata: Any) -> Any:
        image = image.copy()
        image[0, 0] = next(taken)
        return image, metadata

    # a: three exposures, the first is kept. b: one. c: two, the second is kept.
    end_at_first = {"decision": "flag", "action": {"kind": "move-z", "byUm": -10}, "keepAttempt": 0}
    answer = scripted(move(7), move(3), end_at_first, {}, move(-4), {"keepAttempt": 1})
    frames = FrameCollector(counted, saves="kept")
    dataset, results, _ = gate(headless, frames, positions("a", "b", "c", z_um=5.0), answer)
    assert [len(result.attempts) for result in results] == [3, 1, 2]
    assert saved(dataset) == [(("position", name),) for name in "abc"]
    assert [int(dataset.read_image(position=name)[0, 0]) for name in "abc"] == [1, 4, 6]


def test_images_beside_the_gated_ones_are_saved_too(headless: Any) -> None:
    """An overview before the plate, and one after it."""
    frames = FrameCollector(saves="kept")

    def work(acq: Any) -> None:
        acq.acquire(positions("before")[0])
        gate_loop(acq, positions("A1", "A2"), client, frames, limits=LIMITS, core=headless)
        acq.acquire(positions("after")[0])

    with FakeAgent(ACCEPT) as agent, FocusClient(agent.address, deadline_ms=PATIENT_MS) as client:
        assert client.wait_for_agent(RUN_S)
        dataset = acquire(frames, work)
    assert saved(dataset) == [(("position", name),) for name in ("A1", "A2", "after", "before")]


def test_a_java_acquisition_is_told_that_it_cannot_save_the_kept_images_alone() -> None:
    frames = FrameCollector(saves="kept")
    with FocusClient("tcp://127.0.0.1:9") as client, pytest.raises(ValueError, match="Python backend"):
        gate_loop(object(), [], client, frames, limits=LIMITS)


def test_positions_with_further_axes_are_sites_of_their_own(headless: Any) -> None:
    events = [
        {"axes": {"position": "B03", "row": r}, "x": 0.0, "y": 600.0 * r, "z": 0.0, "exposure": 2.0}
        for r in (0, 1)
    ]
    _, results, _ = gate(headless, FrameCollector(), events)
    assert [(result.site.name, result.site.well) for result in results] == [
        ("B03-row0", "B03"),
        ("B03-row1", "B03"),
    ]


def test_two_threads_may_wait_for_images_of_their_own() -> None:
    frames = FrameCollector()
    taken: dict[int, int] = {}

    def wait_for(p: int) -> None:
        taken[p] = len(frames.take({"p": p, "attempt": 0}, RUN_S, 1, lambda: False))

    threads = [threading.Thread(target=wait_for, args=(p,)) for p in range(2)]
    for thread in threads:
        thread.start()
    for p in (1, 0):
        frames(np.zeros((4, 4), np.uint16), {"Axes": {"p": p, "attempt": 0}})
    for thread in threads:
        thread.join(RUN_S)
    assert taken == {0: 1, 1: 1}


def test_an_event_after_the_abort_is_skipped_and_does_not_fail_the_acquisition(headless: Any) -> None:
    frames = FrameCollector()
    caught: list[Any] = []

    def late(acq: Any) -> None:
        acq.abort()
        end_s = time.monotonic() + 10
        while not acq._acq.are_events_finished() and time.monotonic() < end_s:
            time.sleep(0.01)
        event = {"axes": {"position": "P0"}, "x": 0.0, "y": 0.0, "z": 0.0, "exposure": 2.0}
        caught.append(_Acquisition(acq, frames).acquire(event, 1, 0.5))

    acquire(frames, late)  # raises what made the acquisition fail

    assert caught[0].is_skipped
