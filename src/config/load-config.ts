import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { ConfigError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { decodedText } from "../frames/table-text.js";
import { withHome } from "./home.js";
import { type Environment, environmentLayer, type Layer, merge } from "./layers.js";
import { AgentConfig } from "./schema.js";
import { yamlLayer } from "./yaml-layer.js";

export interface ConfigOrigins {
  /** YAML file; without one, only defaults, environment and flags count. */
  readonly file?: string | undefined;
  /** YAML file over that one, as `parfocal calibrate` writes it. */
  readonly calibration?: string | undefined;
  readonly environment?: Environment;
  readonly flags?: Layer;
}

/**
 * The configuration from all its origins; defaults < file < calibration < environment < flags.
 * @throws ConfigError with every problem as `path: message (where)`.
 */
export async function loadConfig(origins: ConfigOrigins): Promise<AgentConfig> {
  const layers: Layer[] = [];
  for (const file of [origins.file, origins.calibration]) {
    if (file !== undefined) layers.push(yamlLayer(await readText(file), file));
  }
  if (origins.environment !== undefined) layers.push(environmentLayer(origins.environment));
  if (origins.flags !== undefined) layers.push(origins.flags);
  return checkConfig(layers, origins.file ?? "configuration");
}

/** Merges and checks layers, later ones winning; see {@link loadConfig}. */
export function checkConfig(layers: readonly Layer[], name: string): AgentConfig {
  const result = AgentConfig.safeParse(merge(layers));
  if (result.success) return withHome(result.data);
  throw new ConfigError(
    name,
    result.error.issues.flatMap((issue) => describe(issue, layers)),
  );
}

async function readText(file: string): Promise<string> {
  try {
    return decodedText(await readFile(file));
  } catch (error) {
    throw new ConfigError(file, [`cannot be read: ${fileReason(error)}`], { cause: error });
  }
}

function describe(issue: z.core.$ZodIssue, layers: readonly Layer[]): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => line([...issue.path, key], "unknown key", layers));
  }
  return [line(issue.path, issue.message, layers)];
}

function line(path: readonly PropertyKey[], message: string, layers: readonly Layer[]): string {
  let where: string | undefined;
  // The last layer that holds the value is the one that decided it.
  for (const layer of layers) where = layer.whereIs(path) ?? where;
  return `${path.map(String).join(".") || "configuration"}: ${message}${where === undefined ? "" : ` (${where})`}`;
}
