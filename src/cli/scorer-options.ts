import type { Options } from "yargs";
import { engines } from "../focus/engines/registry.js";
import type { ScorerOptions } from "../focus/scorer.js";
import { TILINGS, type Tiling } from "../focus/tiling.js";

/** Options of every command that scores. */
export const scorerOptions = {
  model: { type: "string", default: "default", describe: "Shipped model's name, or a model folder" },
  engine: { choices: [...engines.keys()], default: "onnx", describe: "What runs the network" },
  device: {
    type: "string",
    default: "auto",
    describe:
      "onnx: auto, cpu, webgpu, cuda; tensorflow: auto, gpu, native, wasm; kserve: as onnx, where the server fails",
  },
  server: { type: "string", describe: "kserve: address of the inference server, http://127.0.0.1:8000" },
  "engine-threads": { type: "number", describe: "CPU threads of the engine; default: one per core" },
  tiling: {
    choices: TILINGS,
    default: "cover",
    describe: "cover: judge every pixel; original: leave the remainder out, as google/microscopeimagequality",
  },
} as const satisfies Record<string, Options>;

/** What `Scorer.load` takes, from the parsed options. */
export function scorerOf(argv: {
  model: string;
  engine: string;
  device: string;
  server: string | undefined;
  engineThreads: number | undefined;
  tiling: string;
}): ScorerOptions {
  const { model, engine, device, server, engineThreads } = argv;
  return {
    model,
    engine,
    device,
    tiling: argv.tiling as Tiling,
    ...(server === undefined ? {} : { server }),
    ...(engineThreads === undefined ? {} : { threads: engineThreads }),
  };
}
