"""Tables of scores as Python programs read them."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import AGENT, ROOT, needs, needs_program


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Two wells, one file with a z."""
    needs_program()
    image = next(iter(sorted((ROOT / "data" / "plate").glob("*.png"))))
    for name in ("B03_s1_w1.png", "B03_s2_w1.png", "C12_z04_DAPI.png"):
        folder = tmp_path / "Plate 1"
        folder.mkdir(exist_ok=True)
        shutil.copy(image, folder / name)
    return tmp_path / "Plate 1"


def score(plate: Path, out: Path) -> None:
    node = shutil.which("node") or "node"
    subprocess.run([node, str(AGENT), "score", str(plate), "--device", "cpu", "--out", str(out)], check=True)


def test_pyarrow_reads_parquet_with_types_and_nulls(plate: Path, tmp_path: Path) -> None:
    needs("pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    score(plate, tmp_path / "scores.csv")
    score(plate, tmp_path / "scores.parquet")
    table = pq.read_table(tmp_path / "scores.parquet")
    with (tmp_path / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert table.column_names == list(rows[0])
    for name, kind in (("file", pa.string()), ("well", pa.string()), ("expected_level", pa.float64())):
        assert table.schema.field(name).type == kind, name
    assert pa.types.is_integer(table.schema.field("page").type)
    assert table.column("well").to_pylist() == ["B03", "B03", "C12"]
    assert table.column("z").to_pylist() == [None, None, 4]
    assert table.column("condition").to_pylist() == [row["condition"] for row in rows]
    for name in ("expected_level", "probability_0", "probability_10"):
        assert table.column(name).to_pylist() == [float(row[name]) for row in rows], name
