/**
 * The network of google/microscopeimagequality, from a checkpoint or a SavedModel that TensorFlow wrote.
 * @module
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ModelError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { PATCH_PX } from "../frames/frame.js";
import { weightsOf } from "../networks/architecture.js";
import type { Weights, WeightTensor } from "../networks/weights.js";
import { yang2018 } from "../networks/yang2018.js";
import { type BundleEntry, ELEMENTS, openTensorBundle, type TensorBundle } from "./tensor-bundle.js";

/** Checksums of the published weights (step 1000042), masked as they are stored. */
const PUBLISHED: Readonly<Record<string, number>> = {
  "conv1/biases": 0x5e0be9ad,
  "conv1/weights": 0xc9c232ae,
  "conv2/biases": 0x8035c365,
  "conv2/weights": 0xd3cc6e10,
  "fc3/biases": 0x2ed3fdd9,
  "fc3/weights": 0xef929c57,
  "fc4/biases": 0x10586209,
  "fc4/weights": 0xdc97a6b1,
};

export interface OriginalModel {
  readonly weights: Weights;
  /** Masked CRC-32C of each variable, as stored and as verified. */
  readonly checksums: Readonly<Record<string, number>>;
  /** True where all of them are those of the published model. */
  readonly isPublished: boolean;
  /** Steps it was trained for, where the file says so. */
  readonly steps: number | undefined;
}

/**
 * Reads the weights without TensorFlow.
 * @param path `PREFIX`, `PREFIX.index` or `PREFIX.data-00000-of-00001` of a checkpoint, its folder, or that of a SavedModel.
 * @throws ModelError when it is damaged, or not the network of the original.
 */
export async function readOriginalModel(path: string): Promise<OriginalModel> {
  const prefix = await bundlePrefix(path);
  const bundle = await openTensorBundle(prefix);
  const specs = weightsOf(yang2018, PATCH_PX);
  // All of them before any is read: the largest has 110 MiB.
  for (const { name, shape } of specs) assertIs(prefix, bundle, name, shape);
  const weights = new Map<string, WeightTensor>();
  for (const { name, shape } of specs) {
    const view = new DataView((await bundle.read(name)).buffer);
    const values = Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
    if (!values.every(Number.isFinite))
      throw new ModelError(prefix, `${name} has values that are no numbers`);
    weights.set(name, { shape, values });
  }
  const checksums = Object.fromEntries(specs.map(({ name }) => [name, bundle.entries.get(name)!.checksum]));
  return {
    ...{ weights, checksums, steps: await stepsOf(bundle) },
    isPublished: specs.every(({ name }) => checksums[name] === PUBLISHED[name]),
  };
}

function assertIs(prefix: string, { entries }: TensorBundle, name: string, shape: readonly number[]): void {
  const entry = entries.get(name);
  const is = (problem: string) => new ModelError(prefix, `not the network of the original: ${problem}`);
  if (entry === undefined) {
    const names = [...entries.keys()].slice(0, 10).join(", ");
    throw is(
      `there is no variable ${name}; there are ${entries.size}: ${names}${entries.size > 10 ? ", ..." : ""}`,
    );
  }
  if (entry.element !== ELEMENTS.float32) throw is(`${name} is not float32`);
  if (entry.isSliced) throw is(`${name} is kept in slices`);
  if (entry.shape.join() !== shape.join())
    throw is(`${name} is ${entry.shape.join(" x ")}, not ${shape.join(" x ")}`);
  const bytes = 4 * shape.reduce((product, side) => product * side, 1);
  if (entry.byteLength !== bytes) throw is(`${name} has ${entry.byteLength} bytes, not ${bytes}`);
}

async function stepsOf(bundle: TensorBundle): Promise<number | undefined> {
  const entry: BundleEntry | undefined = bundle.entries.get("global_step");
  if (entry?.element !== ELEMENTS.int64 || entry.byteLength !== 8) return undefined;
  return Number(new DataView((await bundle.read("global_step")).buffer).getBigInt64(0, true));
}

const SUFFIX = /\.(?:index|meta|data-\d{5}-of-\d{5})$/;

/** Where the bundle lies that a path means. */
async function bundlePrefix(path: string): Promise<string> {
  const candidates = [
    path.replace(SUFFIX, ""),
    join(path, "variables", "variables"),
    join(path, "variables"),
  ];
  const found = candidates.find((prefix) => existsSync(`${prefix}.index`));
  if (found !== undefined) return found;
  let names: string[] = [];
  try {
    names = (await readdir(path)).filter((name) => name.endsWith(".index"));
  } catch (cause) {
    const problem = existsSync(path) ? "it is neither a checkpoint nor a SavedModel" : fileReason(cause);
    throw new ModelError(path, `${problem}; give PREFIX of PREFIX.index, or the folder`, { cause });
  }
  if (names.length === 1) return join(path, names[0]!.replace(SUFFIX, ""));
  throw new ModelError(
    path,
    names.length === 0
      ? "the folder holds no checkpoint (PREFIX.index) and no SavedModel (variables/variables.index)"
      : `the folder holds several checkpoints: name one of ${names.join(", ")}`,
  );
}
