import { stringify } from "yaml";
import { z } from "zod";
import { AgentConfig } from "./schema.js";

/** Name of the JSON Schema beside the example configuration. */
export const SCHEMA_FILE = "parfocal.schema.json";

/** The part of JSON Schema that is read here. */
interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): object {
  return { title: "Parfocal agent", ...z.toJSONSchema(AgentConfig, { io: "input" }) };
}

/** A configuration file with every key, its purpose and its default; unset ones are commented out. */
export function defaultConfigYaml(): string {
  const defaults: unknown = AgentConfig.parse({});
  const head = [
    `# yaml-language-server: $schema=${SCHEMA_FILE}`,
    "# Configuration of `parfocal agent`. All values are the defaults: delete what you do not change.",
    "# Precedence: defaults < this file < environment (PARFOCAL_POLICY__MAX_LEVEL=2) < flags.",
  ];
  return `${[...head, ...sections(configJsonSchema() as SchemaNode, defaults, "")].join("\n")}\n`;
}

function sections(node: SchemaNode, values: unknown, indent: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const value = (values as Readonly<Record<string, unknown>>)[key];
    const lines = indent === "" ? [""] : [];
    if (child.description !== undefined) lines.push(`${indent}# ${child.description}`);
    if (child.properties !== undefined)
      return [...lines, `${indent}${key}:`, ...sections(child, value, `${indent}  `)];
    if (value === undefined) return [...lines, `${indent}# ${key}:`];
    return [...lines, `${indent}${key}: ${stringify(value, { collectionStyle: "flow" }).trim()}`];
  });
}
