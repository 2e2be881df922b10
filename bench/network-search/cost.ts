import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Scorer } from "../../src/focus/scorer.js";
import type { Architecture } from "../../src/networks/architecture.js";
import { quantile } from "../../src/statistics.js";
import { noiseFrame } from "../frames.js";
import { writeUntrained } from "../untrained-model.js";

const SIDE_PX = 2048;
const ROUNDS = 100;

/**
 * What it takes to score a frame of 2048 x 2048 px with each network, on one thread, ms: from counts to verdict, in the
 * built product. Networks take turns, so that whatever else the machine does falls on all of them; the fastest quarter tells.
 */
export async function costsOf(architectures: readonly Architecture[]): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), "parfocal-search-"));
  const frame = noiseFrame(SIDE_PX);
  const scorers: Scorer[] = [];
  try {
    for (const architecture of architectures) {
      const model = join(folder, architecture.name);
      await writeUntrained(model, architecture);
      scorers.push(await Scorer.load({ model, device: "cpu", threads: 1 }));
    }
    const times: number[][] = architectures.map(() => []);
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [which, scorer] of scorers.entries()) {
        const startMs = performance.now();
        await scorer.score(frame, { coverage: "sample" });
        // The first round warms up.
        if (round > 0) times[which]!.push(performance.now() - startMs);
      }
    }
    return times.map((of) =>
      quantile(
        of.sort((a, b) => a - b),
        0.25,
      ),
    );
  } finally {
    for (const scorer of scorers) await scorer.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}
