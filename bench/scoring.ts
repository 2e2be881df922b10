import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Coverage } from "../src/focus/report.js";
import { Scorer } from "../src/focus/scorer.js";
import type { Frame } from "../src/frames/frame.js";
import { networks } from "../src/networks/registry.js";
import { quantile } from "../src/statistics.js";
import { benchFrame, noiseFrame } from "./frames.js";
import type { Row } from "./row.js";
import { writeUntrained } from "./untrained-model.js";

const SIDES = [512, 1024, 2048, 4096];
/** Frames before the first that counts: Node compiles what runs often. */
const WARM_UP = 12;
/** The network of the model that ships, the only one that is trained here. */
export const SHIPPED = "medium";
/** The paper's network takes long, on every patch as its program does; enough runs to tell a second from two. */
const PAPER = { network: "yang2018", sides: [1024, 2048], runs: 4 } as const;

/** What is scored, and the patches that it takes. */
interface Case {
  readonly patches: string;
  readonly frameOf: (sidePx: number) => Frame | Promise<Frame>;
  readonly coverage: Coverage;
}
/** Needs weights: those of chance know no frame without doubt. */
export const SURE: Case = { patches: "16, sure", frameOf: cellsFrame, coverage: "sample" };
export const IN_DOUBT: Case = { patches: "32, in doubt", frameOf: noiseFrame, coverage: "sample" };
const ALL: Case = { patches: "all", frameOf: noiseFrame, coverage: "full" };

/**
 * Whole `Scorer.score` of one uint16 frame, from counts to verdict. Weights change the time only by how many patches leave no doubt.
 * @param runs frames scored for each row but those of the paper's network.
 */
export async function* benchScoring(runs: number): AsyncGenerator<Row> {
  const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
  try {
    for (const architecture of networks.values()) {
      const { name } = architecture;
      const isPaper = name === PAPER.network;
      const model = name === SHIPPED ? "default" : join(folder, name);
      if (name !== SHIPPED) await writeUntrained(model, architecture);
      const cases = name === SHIPPED ? [SURE, IN_DOUBT, ALL] : isPaper ? [ALL] : [IN_DOUBT, ALL];
      const tiling = isPaper ? "original" : "cover";
      for (const threads of new Set([1, availableParallelism()])) {
        const scorer = await Scorer.load({ model, device: "cpu", threads, tiling });
        for (const side of isPaper ? PAPER.sides : SIDES) {
          for (const { patches, frameOf, coverage } of cases) {
            const frame = await frameOf(side);
            const warmUp = isPaper ? 1 : WARM_UP;
            const times = await timesOf(scorer, frame, coverage, warmUp, isPaper ? PAPER.runs : runs);
            yield {
              benchmark: "score one uint16 frame",
              size: `${side} x ${side}`,
              network: name,
              patches,
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

/** Cells in focus. */
async function cellsFrame(sidePx: number): Promise<Frame> {
  return { width: sidePx, height: sidePx, pixels: await benchFrame(sidePx) };
}

async function timesOf(
  scorer: Scorer,
  frame: Frame,
  coverage: Coverage,
  warmUp: number,
  runs: number,
): Promise<number[]> {
  for (let i = 0; i < warmUp; i++) await scorer.score(frame, { coverage });
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await scorer.score(frame, { coverage });
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}
