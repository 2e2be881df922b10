import type { AgentConfig } from "../config/schema.js";
import { UnknownNameError } from "../errors.js";
import type { FrameSource, SourceContext } from "./source.js";

type SourceConfigs = AgentConfig["sources"];

/** Makes a source from the configuration of all sources. */
export type SourceFactory = (config: SourceConfigs, context: SourceContext) => FrameSource;

/** The sources by name; a source's module is imported only when it is asked for. */
export const sources = new Map<string, () => Promise<SourceFactory>>([
  [
    "zeromq",
    async () => {
      const { ZeromqSource } = await import("./zeromq-source.js");
      return (config, context) => new ZeromqSource(config.zeromq, context);
    },
  ],
  [
    "folder",
    async () => {
      const { FolderSource } = await import("./folder-source.js");
      return (config, context) => new FolderSource(config.folder, context);
    },
  ],
]);

/**
 * One source by name.
 * @throws UnknownNameError listing the known names.
 */
export async function createSource(
  name: string,
  config: SourceConfigs,
  context: SourceContext,
): Promise<FrameSource> {
  const load = sources.get(name);
  if (load === undefined) throw new UnknownNameError("source", name, sources.keys());
  return (await load())(config, context);
}
