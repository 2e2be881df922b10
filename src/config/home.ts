import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../errors.js";
import type { AgentConfig } from "./schema.js";

/** The configuration with `~` at the beginning of a folder's name as the user's own folder: no shell has seen to it. */
export function withHome(config: AgentConfig): AgentConfig {
  const { sources, results, policy, scorer } = config;
  return {
    ...config,
    sources: { ...sources, folder: { ...sources.folder, path: atHome(sources.folder.path) } },
    results: { ...results, folder: atHome(results.folder) },
    policy: { ...policy, focusMap: atHome(policy.focusMap) },
    scorer: { ...scorer, model: atHome(scorer.model) },
  };
}

function atHome<T extends string | undefined>(path: T): T {
  if (path === undefined || !/^~(?:[/\\]|$)/.test(path)) return path;
  try {
    return join(homedir(), path.slice(1)) as T;
  } catch (cause) {
    // In a container the user may have no account.
    const reason = "this user has no folder that ~ could stand for; write the path in full";
    throw new ConfigError(path, [reason], { cause });
  }
}
