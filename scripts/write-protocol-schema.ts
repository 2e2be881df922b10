/** Writes docs/protocol.schema.json from the schemas that the agent checks messages with. */
import { writeFileSync } from "node:fs";
import { protocolJsonSchema } from "../src/protocol/json-schema.js";

const file = new URL("../docs/protocol.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(protocolJsonSchema(), null, 2)}\n`);
