import type { AgentConfig } from "../config/schema.js";
import { UnknownNameError } from "../errors.js";
import type { Sink, SinkContext } from "./sink.js";

type SinkConfigs = Pick<AgentConfig, "results" | "publish">;

export type SinkFactory = (config: SinkConfigs, context: SinkContext) => Sink;

/** The sinks by name; a sink's module is imported only when it is asked for. */
export const sinks = new Map<string, () => Promise<SinkFactory>>([
  [
    "jsonl",
    async () => {
      const { JsonlSink } = await import("./jsonl-sink.js");
      return (config, context) => new JsonlSink(config.results, context);
    },
  ],
  [
    "csv",
    async () => {
      const { CsvSink } = await import("./csv-sink.js");
      return (config, context) => new CsvSink(config.results, context);
    },
  ],
  [
    "publish",
    async () => {
      const { PublishSink } = await import("./publish-sink.js");
      return (config, context) => new PublishSink(config.publish, context);
    },
  ],
]);

/**
 * One sink by name.
 * @throws UnknownNameError listing the known names.
 */
export async function createSink(name: string, config: SinkConfigs, context: SinkContext): Promise<Sink> {
  const load = sinks.get(name);
  if (load === undefined) throw new UnknownNameError("sink", name, sinks.keys());
  return (await load())(config, context);
}
