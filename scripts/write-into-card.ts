import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MODEL_FILES } from "../src/focus/model.js";
import type { ModelCard } from "../src/focus/model-card.js";

/** Puts what was measured of a model into its card. */
export async function writeIntoCard(folder: string, measured: Partial<ModelCard>): Promise<void> {
  const path = join(folder, MODEL_FILES.card);
  const card = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await writeFile(path, `${JSON.stringify({ ...card, ...measured }, null, 1)}\n`);
  console.log(`written to ${folder}`);
}
