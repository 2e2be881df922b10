import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { COVERAGES, type Coverage } from "../src/focus/report.js";
import { Scorer } from "../src/focus/scorer.js";
import type { Frame } from "../src/frames/frame.js";
import { networks } from "../src/networks/registry.js";
import { quantile } from "../src/statistics.js";
import { noiseFrame } from "./frames.js";
import type { Row } from "./row.js";
import { writeUntrained } from "./untrained-model.js";

const SIDES = [512, 1024, 2048, 4096];
/** The paper's network takes long, on every patch as its program does; enough runs to tell a second from two. */
const PAPER = { network: "yang2018", sides: [1024, 2048], runs: 4 } as const;

/**
 * Whole `Scorer.score` of one uint16 frame, from counts to verdict. Weights do not change the time.
 * @param runs frames scored for each row but those of the paper's network.
 */
export async function* benchScoring(runs: number): AsyncGenerator<Row> {
  const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
  try {
    for (const architecture of networks.values()) {
      const { name } = architecture;
      const model = join(folder, name);
      await writeUntrained(model, architecture);
      const isPaper = name === PAPER.network;
      const tiling = isPaper ? "original" : "cover";
      for (const threads of new Set([1, availableParallelism()])) {
        const scorer = await Scorer.load({ model, device: "cpu", threads, tiling });
        for (const side of isPaper ? PAPER.sides : SIDES) {
          for (const coverage of isPaper ? (["full"] as const) : COVERAGES) {
            const times = await timesOf(scorer, noiseFrame(side), coverage, isPaper ? PAPER.runs : runs);
            yield {
              benchmark: "score one uint16 frame",
              size: `${side} x ${side}`,
              network: name,
              patches: coverage === "full" ? "all" : "those that decide",
              engine: "onnx",
              threads,
              p50Ms: quantile(times, 0.5),
              p99Ms: quantile(times, 0.99),
            };
          }
        }
        await scorer.dispose();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function timesOf(scorer: Scorer, frame: Frame, coverage: Coverage, runs: number): Promise<number[]> {
  await scorer.score(frame, { coverage });
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await scorer.score(frame, { coverage });
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}
