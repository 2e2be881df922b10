import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { quantile } from "../src/statistics.js";
import type { Row } from "./row.js";

const PYTHON = join(import.meta.dirname, "../bridges/pycromanager/.venv/bin/python");
const SIDES = [1024, 2048];

/** The simplest classical metric on the same frames, as people write it in Python; where the bridge's environment is made. */
export function* benchBrenner(): Generator<Row> {
  if (!existsSync(PYTHON)) return;
  for (const side of SIDES) {
    const program = `
import json, time
import numpy as np
frame = np.random.default_rng(1).integers(0, 4000, (${side}, ${side}), dtype=np.uint16)
times = []
for _ in range(41):
    start = time.perf_counter()
    x = frame.astype(np.float32)
    difference = x[:, 2:] - x[:, :-2]
    (difference * difference).mean()
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps(sorted(times[1:])))
`;
    const { stdout, status } = spawnSync(PYTHON, ["-c", program], { encoding: "utf8" });
    if (status !== 0) return;
    const times = JSON.parse(stdout) as number[];
    yield {
      benchmark: "Brenner gradient of one uint16 frame",
      size: `${side} x ${side}`,
      engine: "numpy",
      threads: 1,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
    };
  }
}
