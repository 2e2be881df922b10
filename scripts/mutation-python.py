"""Breaks parfocal_bridge at one place at a time and says which changes no test noticed.

The changes are those of Cosmic Ray, one of each kind at a place, without those of annotations and of what runs only when a
module is loaded. Each is tried in a copy of the repository, with the tests that reach the line, the fastest first, up to a
minute of them.

    bridges/pycromanager/.venv/bin/pip install -r bridges/pycromanager/requirements-mutation.txt
    SAMPLE=0.05 SEEDS=1,2 bridges/pycromanager/.venv/bin/python scripts/mutation-python.py
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import parso  # noqa: F401  Cosmic Ray's operators cannot be loaded before it
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
BRIDGE = Path("bridges/pycromanager")
PACKAGE = Path("src/parfocal_bridge")
SAMPLE = float(os.environ.get("SAMPLE", "1"))
SEEDS = os.environ.get("SEEDS", "1").split(",")
LEFT_OUT = ["account", "content", "java_backend", "qt", "readme", "suggestions", "widget"]
"""Tests that take long, or run the bridge in processes of their own, which are not followed."""
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
BUDGET_S = 60.0
"""Of tests for each change."""
HANGS_S = 180.0


@dataclass(frozen=True)
class Change:
    module: Path
    line: int
    what: str
    code: str


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="parfocal-mutation-") as folder:
        copy = copy_of_repository(Path(folder))
        tests, seconds = coverage_of(copy)
        modules = sorted((copy / PACKAGE).glob("*.py"))
        for seed in SEEDS:
            sample = (change for module in modules for change in changes_of(module, seed))
            changes = [change for change in sample if not is_static(change, tests)]
            found = sum(is_noticed(change, copy, tests, seconds) for change in changes)
            print(
                f"seed {seed}: {found} of {len(changes)} found, {interval(found, len(changes))}", flush=True
            )


def copy_of_repository(folder: Path) -> Path:
    """The bridge itself, and links to all that stands around it."""
    bridge = folder / BRIDGE
    shutil.copytree(ROOT / BRIDGE, bridge, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    for there, here in [(ROOT, folder), (ROOT / "bridges", folder / "bridges")]:
        for path in there.iterdir():
            if not (here / path.name).exists():
                (here / path.name).symlink_to(path)
    return bridge


def coverage_of(bridge: Path) -> tuple[dict[tuple[str, int], set[str]], dict[str, float]]:
    """The tests that reach each line of each module, and how long each test takes, s."""
    ignored = [f"--ignore=tests/test_{name}.py" for name in LEFT_OUT]
    command = [
        *PYTEST,
        *ignored,
        f"--cov={PACKAGE}",
        "--cov-context=test",
        "--cov-report=",
        "--junitxml=t.xml",
    ]
    subprocess.run(command, cwd=bridge, check=True)
    seconds = {
        f"tests/{case.get('classname', '').split('.')[-1]}.py::{case.get('name')}": float(case.get("time", 0))
        for case in ElementTree.parse(bridge / "t.xml").iter("testcase")
    }
    import coverage

    data = coverage.CoverageData(str(bridge / ".coverage"))
    data.read()
    tests: dict[tuple[str, int], set[str]] = defaultdict(set)
    for file in data.measured_files():
        for line, contexts in data.contexts_by_lineno(file).items():
            tests[Path(file).name, line] |= {context.split("|")[0] for context in contexts}
    return tests, seconds


def is_static(change: Change, tests: dict[tuple[str, int], set[str]]) -> bool:
    """Whether no test runs the line, but loading the module does."""
    return tests[change.module.name, change.line] == {""}


def changes_of(module: Path, seed: str) -> Iterator[Change]:
    """Those of one sample."""
    code = module.read_text()
    meaning = without_annotations(code)
    places: dict[tuple[int, int, str], list[tuple[str, int]]] = defaultdict(list)
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments():
            continue
        nodes = ast_nodes(get_ast(code))
        starts = (start for node in nodes for start, _ in operator().mutation_positions(node))
        for occurrence, start in enumerate(starts):
            places[(*start, name.split("_")[0])].append((name, occurrence))
    for (line, column, kind), choices in sorted(places.items()):
        number = chance(seed, module.name, line, column, kind)
        if number >= SAMPLE:
            continue
        name, occurrence = choices[int(number / SAMPLE * len(choices))]
        changed = mutate_code(code, get_operator(name)(), occurrence)
        if changed is not None and without_annotations(changed) not in (None, meaning):
            yield Change(module, line, name.removeprefix("core/"), changed)


def without_annotations(code: str) -> str | None:
    """What the code does, or None if it cannot be parsed."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, ast.Constant(None))
    return ast.dump(tree)


def chance(*place: object) -> float:
    digest = hashlib.sha256("\0".join(map(str, place)).encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32


def is_noticed(
    change: Change, bridge: Path, tests: dict[tuple[str, int], set[str]], seconds: dict[str, float]
) -> bool:
    reaching = sorted(tests[change.module.name, change.line] - {""}, key=lambda test: seconds.get(test, 0))
    chosen, total = [], 0.0
    for test in reaching:
        total += seconds.get(test, 0)
        if chosen and total > BUDGET_S:
            break
        chosen.append(test)
    before = change.module.read_text()
    change.module.write_text(change.code)
    try:
        noticed = bool(chosen) and not passes(chosen, bridge)
    finally:
        change.module.write_text(before)
    if not noticed:
        line = before.splitlines()[change.line - 1].strip()
        print(f"{change.module.name}:{change.line} {change.what}, {len(reaching)} tests: {line}", flush=True)
    return noticed


def passes(tests: list[str], bridge: Path) -> bool:
    try:
        done = subprocess.run([*PYTEST, "-x", *tests], cwd=bridge, capture_output=True, timeout=HANGS_S)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def interval(hits: int, size: int) -> str:
    """Wilson's, 95 %."""
    share, z = hits / size, 1.96
    middle = share + z**2 / (2 * size)
    half = z * (share * (1 - share) / size + z**2 / (4 * size**2)) ** 0.5
    low, high = (100 * bound / (1 + z**2 / size) for bound in (middle - half, middle + half))
    return f"{100 * share:.0f} % (95 % interval {low:.0f} to {high:.0f} %)"


if __name__ == "__main__":
    main()
