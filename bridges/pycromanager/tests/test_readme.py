"""Each example of the README runs as it stands, against a real agent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Agent, needs, needs_program

README = (Path(__file__).parents[1] / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ADDRESS = "tcp://127.0.0.1:5610"


def examples_with(word: str) -> list[str]:
    found = [example for example in EXAMPLES if word in example]
    assert found, word
    return found


def execute(example: str, agent: Agent, names: dict[str, Any]) -> None:
    assert ADDRESS in example
    exec(compile(example.replace(ADDRESS, agent.address), "README.md", "exec"), names)
    client = names["client"]
    assert client.counters.sent + client.counters.dropped + client.counters.unscored > 0


def test_the_quick_start_ends_with_a_saved_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs("pymmcore_plus", "mm_test_adapters", "useq", "tensorstore")
    needs_program()
    import pymmcore
    import tensorstore

    (example,) = examples_with("plate.ome.zarr")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert not names["agent"].is_running
    pymmcore.CMMCore.registerCallback(names["core"], None)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in said] == [[f"A{i}", "judged"] for i in (1, 2, 3)]
    for well in ("A1", "A2", "A3"):
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"plate.ome.zarr/{well}/0"}}
        image = np.asarray(tensorstore.open(spec).result().read().result())
        assert image.shape[-2:] == (512, 512) and image.size == 512 * 512
        assert int(image.max()) > 1000, "sharp beads are bright"


def test_links_work_where_the_page_stands_alone() -> None:
    assert re.findall(r"\]\((?!https?://|#)", README) == []


def test_no_example_is_left_out() -> None:
    known = [*examples_with("run_mda"), *examples_with("Acquisition("), *examples_with("client.score(")]
    assert sorted(known) == sorted(EXAMPLES)


@pytest.mark.parametrize(
    "example", [example for example in examples_with("run_mda") if "plate.ome.zarr" not in example]
)
def test_examples_for_pymmcore_plus(example: str, agent: Agent, beads: Any) -> None:
    from beads import bead_events

    execute(example, agent, {"core": beads, "sequence": bead_events([0.0, 3.0])})
    assert str(beads.mda.status.finish_reason) == "completed"


@pytest.mark.parametrize("example", examples_with("Acquisition("))
def test_examples_for_pycro_manager(example: str, agent: Agent, headless: Any) -> None:
    from pycromanager import Acquisition

    from beads import bead_dicts

    execute(example, agent, {"core": headless, "events": bead_dicts([0.0, 3.0]), "Acquisition": Acquisition})


@pytest.mark.parametrize("example", examples_with("client.score("))
def test_examples_for_anything_else(example: str, agent: Agent, capsys: pytest.CaptureFixture[str]) -> None:
    execute(example, agent, {"image": np.random.default_rng(1).poisson(200, (256, 256)).astype(np.uint16)})
    assert capsys.readouterr().out
