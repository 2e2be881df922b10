import type { AgentConfig } from "../../config/schema.js";
import type { Check, Finding } from "./check.js";
import { checkDatabase } from "./check-database.js";
import { checkFolder } from "./check-folder.js";
import { checkMicroManager } from "./check-micro-manager.js";
import { checkNode } from "./check-node.js";
import { checkOpenFiles } from "./check-open-files.js";
import { checkPorts } from "./check-ports.js";
import { checkResults } from "./check-results.js";
import { checkScorer } from "./check-scorer.js";

const CHECKS: readonly Check[] = [
  checkNode,
  checkOpenFiles,
  checkScorer,
  checkPorts,
  checkResults,
  checkDatabase,
  checkFolder,
];

/**
 * Looks at everything that an agent with this configuration needs, one thing after the other.
 * @param microManagerPort where Micro-Manager's own server is to be looked for, too.
 */
export async function* examine(
  config: AgentConfig,
  microManagerPort?: number,
): AsyncGenerator<Finding, void, undefined> {
  for (const check of CHECKS) yield* await check(config);
  if (microManagerPort !== undefined) yield* await checkMicroManager(microManagerPort);
}
