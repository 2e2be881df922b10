import { onTestFinished } from "vitest";
import { AgentConfig } from "../../src/config/schema.js";
import { type Clock, systemClock } from "../../src/protocol/clock.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { FolderSource } from "../../src/sources/folder-source.js";
import type { IncomingFrame, SourceContext } from "../../src/sources/source.js";
import { silent } from "../agent/helpers.js";
import { handlerWith } from "./handler.js";

/** The folder source on a folder, with short times, and what it gives; `earlier` are the frames on record. */
export async function follow(
  folder: string,
  fields: object = {},
  earlier: readonly FrameMessage[] = [],
  clock: Clock = systemClock,
) {
  const frames: IncomingFrame[] = [];
  const problems: string[] = [];
  const handler = handlerWith(
    (incoming) => void frames.push(incoming),
    ({ message }) => void problems.push(message),
  );
  const context: SourceContext = {
    ...{ log: silent, clock },
    ...{ agent: { name: "parfocal", version: "1" }, model: { name: "m", sha256: "0" } },
    earlier: async function* () {
      yield* earlier;
    },
  };
  const config = { enabled: true, path: folder, stableMs: 50, giveUpMs: 300, ...fields };
  const source = new FolderSource(AgentConfig.parse({ sources: { folder: config } }).sources.folder, context);
  onTestFinished(() => source.stop());
  await source.start(handler, new AbortController().signal);
  const values = () => frames.map(({ frame }) => frame.pixels[0]);
  return { source, frames, problems, values, headers: () => frames.map(({ header }) => header) };
}
