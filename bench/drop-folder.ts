/**
 * From a file's close in the drop folder to its record: `npm run bench:drop-folder`, `-- --files N`. TIFFs of 2048 x 2048 px come one by
 * one, each after the record of the one before.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { encodeTiff } from "../src/frames/write-tiff.js";
import { describeMachine } from "../src/machine.js";
import { quantile } from "../src/statistics.js";
import { freePorts, startAgentProcess } from "../test/helpers/agent-process.js";
import { benchFrame } from "./frames.js";

const SIDE_PX = 2048;
/** How often the records are looked at, ms; the figures are as coarse. */
const LOOK_MS = 2;
const PAUSE_MS = 300;

const { values } = parseArgs({ options: { files: { type: "string", default: "40" } } });
const results = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
const folder = join(results, "drop");
await mkdir(folder);
const agent = await startAgentProcess([
  ...["agent", ...freePorts(), "--results", results, "--folder", folder, "--device", "cpu"],
  ...["--log-level", "warn"],
]);
try {
  const frame = { width: SIDE_PX, height: SIDE_PX, pixels: await benchFrame(SIDE_PX) };
  const latenciesMs: number[] = [];
  for (let i = 0; i <= Number(values.files); i++) {
    // Each file has pixels of its own.
    frame.pixels[i] = i;
    const name = `image_${i}.tif`;
    await writeFile(join(folder, name), encodeTiff(frame));
    const closedMs = performance.now();
    await recordOf(name);
    // The first one starts the thread that reads.
    if (i > 0) latenciesMs.push(performance.now() - closedMs);
    await setTimeout(PAUSE_MS);
  }
  latenciesMs.sort((a, b) => a - b);
  const [median, most, longest] = [0.5, 0.9, 1].map((share) => quantile(latenciesMs, share).toFixed(0));
  console.log(`Machine: ${describeMachine()}`);
  console.log(
    `${latenciesMs.length} files: median ${median} ms, 90 % within ${most} ms, longest ${longest} ms`,
  );
} finally {
  await agent.stop();
  await rm(results, { recursive: true, force: true });
}

async function recordOf(name: string): Promise<void> {
  const records = join(results, "results.jsonl");
  while (!(await readFile(records, "utf8").catch(() => "")).includes(name)) await setTimeout(LOOK_MS);
}
