import { z } from "zod";
import { PROTOCOL_VERSION } from "./common.js";
import { MESSAGES } from "./messages.js";

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly type?: string;
}

/**
 * JSON Schema (2020-12) of every message, for implementations in other languages: one message is valid if it fits the
 * definition of its `type`. Unknown keys are allowed, and a key that may be missing may be null.
 */
export function protocolJsonSchema(): object {
  const definitions = Object.entries(MESSAGES).map(([type, schema]) => {
    const { $schema: _, ...node } = z.toJSONSchema(schema, { io: "input" });
    return [type, withNulls(node as SchemaNode)] as const;
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `Parfocal's protocol, version ${PROTOCOL_VERSION}`,
    description: "The JSON part of each message, by its type. docs/protocol.md says what they mean.",
    oneOf: definitions.map(([type]) => ({ $ref: `#/$defs/${type}` })),
    $defs: Object.fromEntries(definitions),
  };
}

/** Null counts as missing, so it is allowed wherever a key is not required. */
function withNulls(node: SchemaNode): SchemaNode {
  const { properties, required = [], items, anyOf, oneOf, ...rest } = node;
  return {
    ...rest,
    ...(anyOf !== undefined && { anyOf: anyOf.map(withNulls) }),
    ...(oneOf !== undefined && { oneOf: oneOf.map(withNulls) }),
    ...(items !== undefined && { items: typeof items === "boolean" ? items : withNulls(items) }),
    ...(properties !== undefined && {
      required,
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, child]) => {
          const inner = withNulls(child);
          return [key, required.includes(key) ? inner : { anyOf: [inner, { type: "null" }] }];
        }),
      ),
    }),
  };
}
