import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { destination, pino } from "pino";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { HealthCounters } from "../agent/health.js";
import { DashboardConfig } from "../config/dashboard.js";
import { Dashboard, type PartialStatus } from "../dashboard/dashboard.js";
import { PreviewKeeper } from "../dashboard/previews/preview-keeper.js";
import { MemoryHistory } from "../dashboard/run-history.js";
import { systemClock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import { UsageError } from "./check-arguments.js";
import { finishedRuns, RUN_ARGUMENT } from "./finished-runs.js";
import { printReady } from "./log-text.js";
import { packageVersion } from "./package-version.js";
import { say } from "./print.js";
import { storeOptions } from "./store-options.js";

/** Pauses of a run are cut to this, s of the run: nobody waits for a microscope that stood still. */
const LONGEST_PAUSE_S = 60;

const options = {
  ...storeOptions,
  port: { type: "number", default: 0, describe: "Port of the page; 0 picks a free one" },
  speed: {
    type: "number",
    describe: "Play the run back, this many times as fast; default: show its final state",
  },
} as const satisfies Record<string, Options>;

type ReplayArguments = InferredOptionTypes<typeof options> & { run: string };

/** `parfocal replay RUN`: the dashboard on finished data. */
export const replayCommand: CommandModule<unknown, ReplayArguments> = {
  command: "replay <run>",
  describe: "Show a finished run on the dashboard, or play it back",
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: RUN_ARGUMENT,
      })
      .options(options)
      .check(({ port, speed }) => {
        if (!(port >= 0 && port <= 65_535 && Number.isInteger(port)))
          throw new UsageError(`--port must be 0 to 65535, got ${port}`);
        if (speed !== undefined && !(speed > 0))
          throw new UsageError(`--speed must be above 0, got ${speed}`);
        return true;
      })
      .epilogue(
        "Prints one line of JSON with type ready and the page's address, or text on a terminal; runs until it is stopped.",
      ),
  handler: async ({ run, port, speed, ...place }) => {
    const { records, folder } = await finishedRuns(run, place);
    const stopping = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
    const replay = replayOf(folder, port);
    const page = await replay.dashboard.start();
    try {
      const ready = JSON.stringify({ type: "ready", addresses: { dashboard: page } });
      printReady(ready, "auto", "Showing the run; Ctrl-C stops.");
      const skipped = await play(records, replay.apply, speed, stopping.signal);
      if (skipped > 0) say(`${skipped} lines could not be read and were skipped.`);
      await setTimeout(2 ** 30, undefined, { signal: stopping.signal });
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    } finally {
      await replay.dashboard.stop();
    }
  },
};

function replayOf(folder: string, port: number): { dashboard: Dashboard; apply(record: ResultRecord): void } {
  const log = pino({ level: "warn", base: null }, destination({ dest: 2, sync: true }));
  const counters = new HealthCounters();
  let model = { name: "", sha256: "" };
  const status = (): PartialStatus => ({
    kind: "replay",
    version: packageVersion(),
    model,
    engine: "",
    health: counters.health({ state: "stopped", startedMs: undefined, queueDepth: 0, sinks: {} }),
    gating: true,
    rules: { maxLevel: 1, minCertainty: 0.25 },
    channels: {},
  });
  const dashboard = new Dashboard({
    ...{ port, log, status },
    clock: systemClock,
    history: new MemoryHistory(Number.POSITIVE_INFINITY),
    previews: new PreviewKeeper({
      config: { ...DashboardConfig.parse({}).previews, enabled: false },
      ...{ folder: join(folder, "previews"), log, clock: systemClock },
    }),
  });
  const apply = (record: ResultRecord) => {
    counters.count(record);
    if (record.frame !== undefined) counters.received++;
    if (record.type === "verdict") model = record.model;
    dashboard.write(record);
  };
  return { dashboard, apply };
}

/** @returns lines that could not be read. */
async function play(
  records: AsyncIterable<ResultRecord | undefined>,
  apply: (record: ResultRecord) => void,
  speed: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  let skipped = 0;
  let lastMs: number | undefined;
  for await (const record of records) {
    signal.throwIfAborted();
    if (record === undefined) {
      skipped++;
      continue;
    }
    if (speed !== undefined && lastMs !== undefined) {
      const pauseMs = Math.min(record.recordedMs - lastMs, LONGEST_PAUSE_S * 1000) / speed;
      if (pauseMs >= 1) await setTimeout(pauseMs, undefined, { signal });
    }
    lastMs = record.recordedMs;
    apply(record);
  }
  return skipped;
}
