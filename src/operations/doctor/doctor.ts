import type { AgentConfig } from "../../config/schema.js";
import type { Check, Finding } from "./check.js";
import { checkDatabase } from "./check-database.js";
import { checkFolder } from "./check-folder.js";
import { checkMicroManager } from "./check-micro-manager.js";
import { checkNode } from "./check-node.js";
import { checkPorts } from "./check-ports.js";
import { checkResults } from "./check-results.js";
import { checkScorer } from "./check-scorer.js";

/** Looks at everything that an agent with this configuration needs, one thing after the other. */
export async function* examine(
  config: AgentConfig,
  { micromanager }: { readonly micromanager: boolean },
): AsyncGenerator<Finding, void, undefined> {
  const asks = micromanager || config.actuator.micromanager.enabled;
  const checks: readonly Check[] = [
    ...[checkNode, checkScorer, checkPorts, checkResults, checkDatabase, checkFolder],
    ...(asks ? [checkMicroManager] : []),
  ];
  for (const check of checks) yield* await check(config);
}
