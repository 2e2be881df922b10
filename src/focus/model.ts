import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ZodError } from "zod";
import { ModelError, reasonOf } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { unpackWeights, type Weights } from "../networks/weights.js";
import { ModelCard } from "./model-card.js";

/** Folder of the models that ship with the package. */
const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "models");

export const MODEL_FILES = { card: "card.json", onnx: "model.onnx", weights: "weights.safetensors" } as const;

/** A model folder that was opened and whose files match its card. */
export interface FocusModel {
  readonly folder: string;
  readonly card: ModelCard;
  /** Bytes of model.onnx and their SHA-256, hex. */
  readonly onnx: Uint8Array;
  readonly sha256: string;
  /** Reads the weights to continue training from. */
  weights(): Promise<Weights>;
}

/**
 * Opens a model.
 * @param nameOrFolder a shipped model's name, such as `default`, or a folder. @param shippedIn folder of the shipped ones.
 * @throws ModelError when it is missing, incomplete, or its files are not the ones the card describes.
 */
export async function openModel(nameOrFolder = "default", shippedIn = SHIPPED): Promise<FocusModel> {
  const shipped = join(shippedIn, nameOrFolder);
  const folder = !nameOrFolder.includes("/") && existsSync(shipped) ? shipped : nameOrFolder;
  if (!existsSync(folder)) {
    const names = await modelsIn(shippedIn);
    const there = names.length === 0 ? `none in ${shippedIn}` : `there is: ${names.join(", ")}`;
    throw new ModelError(folder, `there is no such folder, and no shipped model of this name (${there})`);
  }
  const read = async (file: string) => {
    try {
      return await readFile(join(folder, file));
    } catch (cause) {
      throw new ModelError(folder, `${file} cannot be read: ${fileReason(cause)}`, { cause });
    }
  };
  const card = parseCard(folder, (await read(MODEL_FILES.card)).toString());
  const onnx = await read(MODEL_FILES.onnx);
  const verify = (file: keyof ModelCard["files"], bytes: Uint8Array) => {
    const sha256 = sha256Of(bytes);
    if (sha256 !== card.files[file].sha256) {
      throw new ModelError(folder, `${file} is not the file that its card describes (SHA-256 ${sha256})`);
    }
    return sha256;
  };
  const sha256 = verify("model.onnx", onnx);
  return {
    folder,
    card,
    onnx,
    sha256,
    weights: async () => {
      const packed = await read(MODEL_FILES.weights);
      verify("weights.safetensors", packed);
      return unpackWeights(packed).weights;
    },
  };
}

/** Names of the models in a folder. */
async function modelsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => existsSync(join(folder, name, MODEL_FILES.card))).sort();
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function parseCard(folder: string, text: string): ModelCard {
  try {
    return ModelCard.parse(JSON.parse(text));
  } catch (cause) {
    const reason =
      cause instanceof ZodError
        ? cause.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")
        : reasonOf(cause);
    throw new ModelError(folder, `${MODEL_FILES.card} is not a model card: ${reason}`, { cause });
  }
}
