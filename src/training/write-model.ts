import { basename, join } from "node:path";
import { LEVELS } from "../focus/levels.js";
import { MODEL_FILES, sha256Of } from "../focus/model.js";
import { CONTENT_CONDITIONS, DEFAULT_CONDITIONS, type ModelCard } from "../focus/model-card.js";
import { PATCH_PX } from "../frames/frame.js";
import { makeFolder } from "../frames/make-folder.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { type Architecture, weightCount } from "../networks/architecture.js";
import { contentReadingOf } from "../networks/content.js";
import { packWeights, type Weights } from "../networks/weights.js";
import { exportNetwork } from "../onnx/export-network.js";
import { LEVEL_UM, REFERENCE_OPTICS } from "../optics/point-spread-function.js";

/** How a model was trained, for its card. */
export type TrainingRecord = ModelCard["training"];

/**
 * Writes a model folder: model.onnx, weights.safetensors, and last card.json, which describes the other two.
 * @param more what the card says of a model that was not trained here.
 * @throws OutputError naming the file that cannot be written.
 */
export async function writeModel(
  folder: string,
  architecture: Architecture,
  weights: Weights,
  training: TrainingRecord,
  metrics: ModelCard["metrics"] = [],
  more: Partial<Pick<ModelCard, "description" | "imported" | "confidence" | "readings">> = {},
): Promise<void> {
  await makeFolder(folder);
  const name = basename(folder);
  const onnx = exportNetwork(architecture, weights, { metadata: { name } });
  const packed = packWeights(weights, { network: architecture.name });
  const card: ModelCard = {
    format: "parfocal-model",
    version: 1,
    name,
    network: architecture.name,
    description: architecture.description,
    weightCount: weightCount(architecture, PATCH_PX),
    levels: LEVELS,
    patchPx: PATCH_PX,
    optics: { levelUm: LEVEL_UM, ...REFERENCE_OPTICS },
    conditions: {
      ...DEFAULT_CONDITIONS,
      ...(contentReadingOf(weights) !== undefined && CONTENT_CONDITIONS),
    },
    training,
    ...more,
    metrics: [...metrics],
    files: {
      "model.onnx": { sha256: sha256Of(onnx), bytes: onnx.length },
      "weights.safetensors": { sha256: sha256Of(packed), bytes: packed.length },
    },
  };
  await writeAtomically(join(folder, MODEL_FILES.onnx), onnx);
  await writeAtomically(join(folder, MODEL_FILES.weights), packed);
  await writeAtomically(join(folder, MODEL_FILES.card), Buffer.from(`${JSON.stringify(card, null, 1)}\n`));
}
