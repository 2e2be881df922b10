import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { protocolJsonSchema } from "../../src/protocol/json-schema.js";

test("docs/protocol.schema.json is what the agent checks messages with (npm run protocol-schema writes it)", async () => {
  const written: unknown = JSON.parse(await readFile("docs/protocol.schema.json", "utf8"));

  expect(written).toEqual(JSON.parse(JSON.stringify(protocolJsonSchema())));
});
