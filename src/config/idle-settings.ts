import type { AgentConfig } from "./schema.js";

/** What was set and has no effect, because another setting is off: a sentence for each. */
export function idleSettings({ sources, scorer, dashboard, database }: AgentConfig): string[] {
  const sentences: string[] = [];
  if (sources.folder.path !== undefined && !sources.folder.enabled)
    sentences.push("sources.folder.path has no effect: set sources.folder.enabled to true to watch it");
  if (scorer.server !== undefined && scorer.engine !== "kserve")
    sentences.push("scorer.server has no effect: set scorer.engine to kserve to use it");
  if (dashboard.token !== undefined && !dashboard.control)
    sentences.push("dashboard.token has no effect: set dashboard.control to true to use it");
  if (dashboard.control && !dashboard.enabled)
    sentences.push("dashboard.control has no effect: set dashboard.enabled to true for the page");
  if (database.url !== undefined && !database.enabled)
    sentences.push("database.url has no effect: set database.enabled to true to use it");
  return sentences;
}
