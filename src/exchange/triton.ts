import { servedName } from "../focus/engines/kserve.js";
import { LEVELS } from "../focus/levels.js";
import type { FocusModel } from "../focus/model.js";
import { tellsContent } from "../focus/model-card.js";

/** Of Triton's backends, the one that runs ONNX. */
const PLATFORM = "onnxruntime_onnx";

/**
 * The files of a model repository of Triton, by path: the network as it is, and what goes in and comes out. OpenVINO Model
 * Server and others that take Triton's layout read it, too.
 */
export function tritonRepository(model: FocusModel): Map<string, Uint8Array> {
  const name = servedName(model);
  const content = tellsContent(model.card)
    ? ["structure", "strangeness"].map((output) => `,\n${tensor(output, "TYPE_FP32", [-1, -1])}`).join("")
    : "";
  const config = `name: "${name}"
platform: "${PLATFORM}"
# A frame is no batch: its patches are cut, and scored together, inside the network.
max_batch_size: 0
input [
${tensor("frame", "TYPE_UINT16", [-1, -1])}
]
output [
${tensor("probabilities", "TYPE_FP32", [-1, -1, LEVELS])},
${tensor("certainty", "TYPE_FP32", [-1, -1])},
${tensor("distribution", "TYPE_FP32", [LEVELS])},
${tensor("frame_certainties", "TYPE_FP32", [3])}${content}
]
`;
  return new Map([
    [`${name}/config.pbtxt`, new TextEncoder().encode(config)],
    [`${name}/1/model.onnx`, model.onnx],
  ]);
}

/** @param dims -1: any */
function tensor(name: string, type: string, dims: readonly number[]): string {
  return `  { name: "${name}", data_type: ${type}, dims: [ ${dims.join(", ")} ] }`;
}
