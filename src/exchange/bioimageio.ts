import { stringify } from "yaml";
import type { PatchScores } from "../focus/engines/engine.js";
import { LEVELS } from "../focus/levels.js";
import { type FocusModel, sha256Of } from "../focus/model.js";
import { patchOrigins } from "../focus/tiling.js";
import { type Frame, PATCH_PX } from "../frames/frame.js";
import { OPSET } from "../onnx/graph-builder.js";
import { npyFile } from "./npy.js";

/** Version of the model description that is written. */
const FORMAT_VERSION = "0.5.14";
const DESCRIPTION = "bioimageio.yaml";

/**
 * The files of a Bioimage Model Zoo package, by name: the network as it is, its description, and a frame with what the
 * network says of it, by which others check that they run it right.
 * @param frame what `scores` were computed from
 */
export function bioimageioPackage(
  model: FocusModel,
  frame: Frame,
  scores: PatchScores,
): Map<string, Uint8Array> {
  const [rows, columns] = [patchOrigins(frame.height).length, patchOrigins(frame.width).length];
  const frameCertainties = [scores.aggregateCertainty, scores.meanCertainty, scores.maxCertainty];
  // What a network may tell beside the level.
  const told = [
    {
      name: "structure",
      values: scores.structures,
      description: "log odds that there is any structure, patch by patch",
    },
    {
      name: "strangeness",
      values: scores.strangenesses,
      description: "distance from the patches of the training, 1 for an average one, patch by patch",
    },
  ].flatMap(({ values, ...output }) =>
    values === undefined ? [] : [{ ...output, file: npyFile(values, [rows, columns]) }],
  );
  const tensors: Readonly<Record<string, Uint8Array>> = {
    frame: npyFile(Uint16Array.from(frame.pixels), [frame.height, frame.width]),
    probabilities: npyFile(scores.probabilities, [rows, columns, LEVELS]),
    certainty: npyFile(scores.certainties, [rows, columns]),
    distribution: npyFile(scores.distribution, [LEVELS]),
    frame_certainties: npyFile(Float32Array.from(frameCertainties), [frameCertainties.length]),
    ...Object.fromEntries(told.map(({ name, file }) => [name, file])),
  };
  const documentation = text(pageOf(model));
  const files = new Map<string, Uint8Array>([
    ["model.onnx", model.onnx],
    ["README.md", documentation],
    ...Object.entries(tensors).map(([name, bytes]): [string, Uint8Array] => [fileOf(name), bytes]),
  ]);
  const tensor = (name: string, description: string, axes: object[], data: object) => {
    const test_tensor = { source: fileOf(name), sha256: sha256Of(tensors[name]!) };
    return { id: name, description, axes, data, test_tensor };
  };
  const share = { type: "float32", range: [0, 1] };
  // How many patches a frame has is no linear function of its size, which axes of space would have to be.
  const patches = ["row", "column"].map((id) => ({ id, type: "index", size: { min: 1, max: null } }));
  const levels = channels(Array.from({ length: LEVELS }, (_, level) => `level_${level}`));
  const description = {
    type: "model",
    format_version: FORMAT_VERSION,
    name: `Parfocal ${model.card.name}`,
    description:
      "Defocus level of a microscope frame, 0 (in focus) to 10, and how certain it is, for each patch and the whole frame.",
    authors: [{ name: "The Parfocal developers" }],
    cite: [
      {
        text: "Yang et al. 2018, Assessing microscope image focus quality with deep learning, BMC Bioinformatics 19:77",
        doi: "10.1186/s12859-018-2087-4",
      },
    ],
    license: "Apache-2.0",
    tags: ["focus", "autofocus", "image-quality", "microscopy", "classification", "2d"],
    documentation: { source: "README.md", sha256: sha256Of(documentation) },
    inputs: [
      tensor(
        "frame",
        "camera counts as they are, 8 to 16 bit",
        ["y", "x"].map((id) => ({ id, type: "space", size: { min: PATCH_PX, step: 1 } })),
        { type: "uint16" },
      ),
    ],
    outputs: [
      tensor("probabilities", "of each level, patch by patch", [...patches, levels], share),
      tensor("certainty", "1 - entropy, patch by patch", patches, share),
      tensor("distribution", "of the levels, over the whole frame", [levels], share),
      tensor(
        "frame_certainties",
        "of the whole frame, and over its patches",
        [channels(["aggregate", "mean", "maximum"])],
        share,
      ),
      ...told.map(({ name, description }) => tensor(name, description, patches, { type: "float32" })),
    ],
    weights: { onnx: { source: "model.onnx", sha256: model.sha256, opset_version: OPSET } },
  };
  return files.set(DESCRIPTION, text(stringify(description)));
}

function channels(names: string[]): object {
  return { id: "channel", type: "channel", channel_names: names };
}

function fileOf(tensor: string): string {
  return `${tensor}.npy`;
}

function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

function pageOf({ card, sha256 }: FocusModel): string {
  const { levelUm, numericalAperture, pixelUm, refractiveIndex, wavelengthNm } = card.optics;
  return `# Parfocal ${card.name}

Tells how far a frame is out of focus, from one frame alone: ${card.description}. The method is that of Yang et al. 2018.

A level is ${levelUm} um of defocus at NA ${numericalAperture}, ${pixelUm} um pixels, ${wavelengthNm} nm and refractive index \
${refractiveIndex}. Give a single-channel frame of camera counts, at least ${PATCH_PX} x ${PATCH_PX} px; patches are cut and
standardised inside the network. \`distribution\` is the certainty-weighted mean of the patches; Parfocal itself reads the level
of a frame as a robust quantile of its patches, which the network does not contain.

${originOf(card)}

## Validation

The test tensors are a frame and what ONNX Runtime makes of it on the CPU. SHA-256 of the network: \`${sha256}\`.
`;
}

function originOf({ training, imported }: FocusModel["card"]): string {
  if (imported !== undefined) return `Trained by others: ${imported.from}.`;
  const licences = Object.entries(training.licences).map(([licence, count]) => `${count}: ${licence}`);
  return `Trained on ${training.images.length} in-focus images that were defocused synthetically (${licences.join("; ")}).`;
}
