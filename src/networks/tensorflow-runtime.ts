import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import util from "node:util";
import { EngineError, reasonOf, UnknownNameError } from "../errors.js";
import type { TensorFlow } from "./tensorflow.js";
import { registerConvolutionGradients } from "./wasm-gradients.js";

/** Ways to run TensorFlow.js, best first. */
export const RUNTIMES = ["gpu", "native", "wasm"] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

export interface TensorFlowRuntime {
  readonly tf: TensorFlow;
  readonly name: RuntimeName;
  /** One line for the user: what runs, and why not something faster. */
  readonly description: string;
}

const PACKAGES = { gpu: "@tensorflow/tfjs-node-gpu", native: "@tensorflow/tfjs-node" } as const;
const require = createRequire(import.meta.url);

/**
 * Starts TensorFlow.js on the best backend that loads here, or on the one asked for.
 * @throws EngineError when the one asked for does not start.
 */
export async function startTensorFlow(wanted?: string): Promise<TensorFlowRuntime> {
  if (wanted !== undefined && !(RUNTIMES as readonly string[]).includes(wanted)) {
    throw new UnknownNameError("TensorFlow backend", wanted, RUNTIMES);
  }
  const refusals: string[] = [];
  for (const name of RUNTIMES) {
    if (wanted !== undefined && wanted !== name) continue;
    try {
      return name === "wasm" ? await startWasm(refusals) : startNative(name);
    } catch (error) {
      refusals.push(`${name === "wasm" ? "WebAssembly" : PACKAGES[name]}: ${firstLine(error)}`);
    }
  }
  throw new EngineError(
    `TensorFlow.js does not start (${refusals.join("; ")}). On Linux x64, scripts/install-tensorflow makes the native library load; wasm needs nothing (--device wasm; of parfocal train, --backend wasm).`,
  );
}

function startNative(name: "gpu" | "native"): TensorFlowRuntime {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  // tfjs-node 4.22 calls this, which Node 23 removed (tfjs issue 8609).
  (util as { isNullOrUndefined?: (value: unknown) => boolean }).isNullOrUndefined ??= (value) =>
    value === null || value === undefined;
  const tf = require(PACKAGES[name]) as TensorFlow & { version: Record<string, string> };
  if (tf.getBackend() !== "tensorflow") throw new Error(`gave the backend ${tf.getBackend()}`);
  const binding = (tf.backend() as unknown as { binding: { TF_Version: string } }).binding;
  return {
    tf,
    name,
    description: `TensorFlow ${binding.TF_Version}, ${name === "gpu" ? "GPU" : "native CPU"} (${PACKAGES[name]})`,
  };
}

async function startWasm(refusals: readonly string[]): Promise<TensorFlowRuntime> {
  const tf = require("@tensorflow/tfjs") as TensorFlow;
  const wasm = require("@tensorflow/tfjs-backend-wasm") as typeof import("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  wasm.setThreadsCount(availableParallelism());
  if (!(await tf.setBackend("wasm"))) throw new Error("its WebAssembly module does not start");
  await tf.ready();
  registerConvolutionGradients(tf);
  const why = refusals.length > 0 ? `; native not loaded: ${refusals.join("; ")}` : "";
  return { tf, name: "wasm", description: `TensorFlow.js ${tf.version_core}, WebAssembly${why}` };
}

function firstLine(error: unknown): string {
  return reasonOf(error).split("\n")[0]!.trim();
}
