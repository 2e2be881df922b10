import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Scorer } from "../src/focus/scorer.js";
import type { Frame } from "../src/frames/frame.js";
import { networks } from "../src/networks/registry.js";
import { Random } from "../src/optics/random.js";
import { quantile } from "../src/statistics.js";
import { initialWeights } from "../src/training/initial-weights.js";
import { writeModel } from "../src/training/write-model.js";
import type { Row } from "./main.js";

const SIDES = [1024, 2048];
const RUNS: Record<string, number> = { compact: 60, yang2018: 4 };

/** Whole `Scorer.score` of one uint16 frame: tiling, network, aggregation, condition. Weights do not change the time. */
export async function* benchScoring(): AsyncGenerator<Row> {
  const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
  try {
    for (const architecture of networks.values()) {
      const model = join(folder, architecture.name);
      await writeModel(model, architecture, initialWeights(architecture, 1), {
        command: "npm run bench",
        engine: "none: random weights",
        machine: "",
        seconds: 0,
        steps: 0,
        seed: 1,
        recipe: {},
        licences: {},
        images: [],
      });
      for (const threads of new Set([1, availableParallelism()])) {
        const scorer = await Scorer.load({ model, device: "cpu", threads });
        for (const side of SIDES) {
          const times = await timesOf(scorer, noise(side), RUNS[architecture.name] ?? 10);
          yield {
            benchmark: "score one uint16 frame",
            size: `${side} x ${side}`,
            network: architecture.name,
            engine: "onnx",
            threads,
            p50Ms: quantile(times, 0.5),
            p99Ms: quantile(times, 0.99),
          };
        }
        await scorer.dispose();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timesOf(scorer: Scorer, frame: Frame, runs: number): Promise<number[]> {
  await scorer.score(frame);
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await scorer.score(frame);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

function noise(side: number): Frame {
  const random = new Random(1);
  return {
    width: side,
    height: side,
    pixels: Uint16Array.from({ length: side * side }, () => random.below(4000)),
  };
}
