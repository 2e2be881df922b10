import { UnknownNameError } from "../../errors.js";
import type { StartEngine } from "./engine.js";

/** Engines by name; nothing heavy is imported before an engine is asked for. */
export const engines: ReadonlyMap<string, () => Promise<StartEngine>> = new Map([
  ["onnx", async () => (await import("./onnx.js")).startOnnx],
  ["kserve", async () => (await import("./kserve.js")).startKserve],
  ["tensorflow", async () => (await import("./tensorflow.js")).startTensorflowEngine],
]);

/** @throws UnknownNameError listing the known names. */
export async function engineNamed(name: string): Promise<StartEngine> {
  const load = engines.get(name);
  if (!load) throw new UnknownNameError("engine", name, engines.keys());
  return load();
}
