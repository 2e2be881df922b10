import { ENVIRONMENT_PREFIX, type Environment } from "./layers.js";
import type { AgentConfig } from "./schema.js";

const NAMES_OF_VARIABLES =
  "two underscores stand between the names of a setting, as in PARFOCAL_POLICY__MAX_LEVEL";

/** What was set and has no effect, because another setting is off or its variable has another name: a sentence for each. */
export function idleSettings(config: AgentConfig, environment: Environment = {}): string[] {
  const { sources, scorer, dashboard, database } = config;
  const sentences = Object.keys(environment)
    .filter((name) => isNearlySetting(name, Object.keys(config)))
    .map((name) => `${name} has no effect: ${NAMES_OF_VARIABLES}`);
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

/** Whether a variable begins as those of a part of the configuration do, and is none of them. */
function isNearlySetting(name: string, parts: readonly string[]): boolean {
  if (!name.startsWith(ENVIRONMENT_PREFIX) || name.includes("__")) return false;
  const [word] = name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().split("_");
  return parts.includes(word!);
}
