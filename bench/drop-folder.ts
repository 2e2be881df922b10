/**
 * From a file's close in the drop folder to its record: `npm run bench:drop-folder`, `-- --files N`. TIFFs of 2048 x 2048 px come one by
 * one, each after the record of the one before.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { encodeTiff } from "../src/frames/write-tiff.js";
import { describeMachine } from "../src/machine.js";
import { benchFrame } from "./frames.js";
import { LOOK_MS, latencyText, PAUSE_MS, watchedFolder } from "./watched-folder.js";

const SIDE_PX = 2048;

const { values } = parseArgs({ options: { files: { type: "string", default: "40" } } });
const watched = await watchedFolder();
try {
  const frame = { width: SIDE_PX, height: SIDE_PX, pixels: await benchFrame(SIDE_PX) };
  const latenciesMs: number[] = [];
  for (let i = 0; i <= Number(values.files); i++) {
    // Each file has pixels of its own.
    frame.pixels[i] = i;
    const name = `image_${i}.tif`;
    await writeFile(join(watched.folder, name), encodeTiff(frame));
    const closedMs = performance.now();
    while (!(await watched.records()).includes(name)) await setTimeout(LOOK_MS);
    // The first one starts the thread that reads.
    if (i > 0) latenciesMs.push(performance.now() - closedMs);
    await setTimeout(PAUSE_MS);
  }
  console.log(`Machine: ${describeMachine()}`);
  console.log(`${latenciesMs.length} files: ${latencyText(latenciesMs)}`);
} finally {
  await watched.stop();
}
