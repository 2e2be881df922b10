import ort from "onnxruntime-node";
import { EngineError, reasonOf, UnknownNameError } from "../../errors.js";
import type { Frame } from "../../frames/frame.js";
import type { FocusModel } from "../model.js";
import { disagreement } from "./agreement.js";
import type { EngineOptions, FocusEngine, PatchScores } from "./engine.js";
import { cudaAbsence, webgpuAbsence } from "./gpu-presence.js";
import { withoutTelemetry } from "./telemetry.js";

/** Devices of ONNX Runtime, fastest first. */
const DEVICES = ["cuda", "webgpu", "cpu"] as const;
type Device = (typeof DEVICES)[number];

/** Why a device need not be tried. */
const ABSENCE: Record<Device, () => string | undefined> = {
  cuda: cudaAbsence,
  webgpu: webgpuAbsence,
  cpu: () => undefined,
};

/** ONNX Runtime on the device asked for, or on the first of CUDA, WebGPU and CPU that starts and agrees with the CPU. */
export async function startOnnx(model: FocusModel, options: EngineOptions): Promise<FocusEngine> {
  const wanted = options.device ?? "auto";
  if (wanted !== "auto" && !(DEVICES as readonly string[]).includes(wanted)) {
    throw new UnknownNameError("device", wanted, ["auto", ...DEVICES]);
  }
  withoutTelemetry();
  const refusals: string[] = [];
  for (const device of wanted === "auto" ? DEVICES : [wanted as Device]) {
    const absence = wanted === "auto" ? ABSENCE[device]() : undefined;
    if (absence !== undefined) {
      refusals.push(`${device}: ${absence}`);
      continue;
    }
    try {
      const session = await createSession(model, device, options);
      const why = refusals.length > 0 ? ` (${refusals.join("; ")})` : "";
      const engine = new OnnxEngine(session, `ONNX Runtime ${ort.env.versions.common} on ${device}${why}`);
      if (device !== "cpu") await checkAgainstCpu(engine, model, device);
      return engine;
    } catch (error) {
      refusals.push(`${device}: ${shortReason(error)}`);
    }
  }
  throw new EngineError(`ONNX Runtime does not start: ${refusals.join("; ")}. --device cpu runs everywhere`);
}

function createSession(model: FocusModel, device: Device, { threads, sharesCores }: EngineOptions) {
  return ort.InferenceSession.create(model.onnx, {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(sharesCores ? { extra: { session: { intra_op: { allow_spinning: "0" } } } } : {}),
  });
}

/** A GPU that starts but answers otherwise must never judge a plate. */
async function checkAgainstCpu(engine: FocusEngine, model: FocusModel, device: Device): Promise<void> {
  const reference = new OnnxEngine(await createSession(model, "cpu", { threads: 1 }), "");
  const worst = await disagreement(reference, engine);
  await reference.dispose();
  if (worst !== undefined) {
    await engine.dispose();
    throw new Error(`${device} starts but its probabilities differ from the CPU's by ${worst.toFixed(3)}`);
  }
}

class OnnxEngine implements FocusEngine {
  readonly description: string;
  readonly #session: ort.InferenceSession;

  constructor(session: ort.InferenceSession, description: string) {
    this.#session = session;
    this.description = description;
  }

  run(frame: Frame): Promise<PatchScores> {
    return run(this.#session, frame);
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

async function run(session: ort.InferenceSession, { width, height, pixels }: Frame): Promise<PatchScores> {
  const counts = pixels instanceof Uint16Array ? pixels : new Uint16Array(pixels);
  const outputs = await session.run({ frame: new ort.Tensor("uint16", counts, [height, width]) });
  const values = (name: string) => outputs[name]!.data as Float32Array;
  const [aggregateCertainty, meanCertainty, maxCertainty] = values("frame_certainties");
  const hasContent = outputs.structure !== undefined;
  return {
    probabilities: values("probabilities"),
    certainties: values("certainty"),
    distribution: values("distribution"),
    aggregateCertainty: aggregateCertainty!,
    meanCertainty: meanCertainty!,
    maxCertainty: maxCertainty!,
    ...(hasContent && { structures: values("structure"), strangenesses: values("strangeness") }),
  };
}

/** ONNX Runtime's errors begin with source paths; what is wrong stands in the last sentence. */
function shortReason(error: unknown): string {
  const [first = ""] = reasonOf(error).split("\n");
  return first.length <= 120 ? first : `…${first.slice(-120)}`;
}
