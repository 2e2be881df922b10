import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { GateClient } from "../microscope/gate-client.js";
import { DEFAULT_PLATE_SHAPE, makePlate } from "../microscope/plate.js";
import { runPlate, type SiteResult } from "../microscope/run-plate.js";
import { DEFAULT_MICROSCOPE, SimulatedMicroscope } from "../microscope/simulated-microscope.js";
import { summarise } from "../microscope/summary.js";
import { Random } from "../optics/random.js";
import { exitCodes } from "./exit-codes.js";
import { print, say } from "./print.js";

/** The images that ship with Parfocal. */
const PLATE_IMAGES = join(fileURLToPath(new URL("../../data/plate", import.meta.url)));

/** Time to find the agent before the run begins without it, ms. */
const AGENT_MS = 5000;

const options = {
  address: { type: "string", default: "tcp://127.0.0.1:5610", describe: "Address of the agent" },
  images: {
    type: "string",
    array: true,
    default: [PLATE_IMAGES],
    describe: "In-focus images that the wells show",
  },
  seed: { type: "number", default: 1, describe: "Seed of the plate's shape and of the camera's noise" },
  session: {
    type: "string",
    describe: "Name of the run in frame identifiers, another one for each run; by default simulated-RANDOM",
  },
  "site-ms": { type: "number", default: 0, describe: "Shortest time per site, ms" },
  "deadline-ms": {
    type: "number",
    default: 2000,
    describe: "How long to wait for a verdict before continuing without one, ms",
  },
} as const satisfies Record<string, Options>;

export const microscopeCommand: CommandModule<unknown, InferredOptionTypes<typeof options>> = {
  command: "microscope",
  describe: "Run a simulated microscope over a 24-well plate against an agent; one line of JSON per site",
  builder: (yargs) => yargs.options(options),
  handler: async (argv) => {
    const interrupt = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
    const sites = await makePlate(argv.images, DEFAULT_PLATE_SHAPE, Random.of(argv.seed, 0));
    const microscope = new SimulatedMicroscope(DEFAULT_MICROSCOPE, Random.of(argv.seed, 1));
    const session = argv.session ?? `simulated-${randomUUID().slice(0, 8)}`;
    const client = new GateClient(argv.address, session);
    client.start();
    if (!(await client.waitForAgent(AGENT_MS)))
      say(`No agent answers at ${argv.address}; continuing without verdicts`);
    const results: SiteResult[] = [];
    try {
      const run = runPlate({
        microscope,
        sites,
        client,
        session,
        plate: "simulated-24",
        deadlineMs: argv.deadlineMs,
        clock: () => performance.now(),
        signal: interrupt.signal,
      });
      let startedMs = performance.now();
      for await (const result of run) {
        results.push(result);
        printLine({ type: "site", done: results.length, of: sites.length, ...result });
        await pause(argv.siteMs - (performance.now() - startedMs), interrupt.signal);
        startedMs = performance.now();
      }
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
      process.exitCode = exitCodes.interrupted;
    } finally {
      await client.stop();
      printLine({ type: "summary", ...summarise(results) });
    }
  },
};

/** Waits; not at all for a time below 0. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await setTimeout(ms, undefined, { signal });
}

function printLine(line: Record<string, unknown>): void {
  print(`${JSON.stringify(line)}\n`);
}
