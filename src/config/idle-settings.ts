import type { AgentConfig } from "./schema.js";

/** What was set and has no effect, because another setting is off: a sentence for each. */
export function idleSettings({ sources, scorer }: AgentConfig): string[] {
  const sentences: string[] = [];
  if (sources.folder.path !== undefined && !sources.folder.enabled)
    sentences.push("sources.folder.path has no effect: set sources.folder.enabled to true to watch it");
  if (scorer.server !== undefined && scorer.engine !== "kserve")
    sentences.push("scorer.server has no effect: set scorer.engine to kserve to use it");
  return sentences;
}
