import { pino } from "pino";
import type { AgentConfig } from "../config/schema.js";
import { systemClock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import { createSink } from "../sinks/registry.js";
import { LogOutput } from "./log-output.js";
import { logText } from "./log-text.js";

/** A folder of results that a run is added to. */
export interface OpenResults {
  write(record: ResultRecord): void;
  close(): Promise<void>;
}

/**
 * Opens a results folder as an agent does; one that an agent writes to is refused.
 * @throws OutputError naming the folder.
 */
export async function openResults(config: AgentConfig, signal: AbortSignal): Promise<OpenResults> {
  const log = pino({ level: "warn", base: null }, new LogOutput(2, await logText()));
  const context = { log, clock: systemClock };
  const sinks = await Promise.all(["jsonl", "csv"].map((name) => createSink(name, config, context)));
  const started: typeof sinks = [];
  const close = async () => {
    for (const sink of started.toReversed()) await sink.stop();
  };
  try {
    for (const sink of sinks) {
      started.push(sink);
      await sink.start(signal);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    write: (record) => {
      for (const sink of sinks) void sink.write(record);
    },
    close,
  };
}
