import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { FrameReadError } from "../errors.js";
import { bioimageioPackage } from "../exchange/bioimageio.js";
import { tritonRepository } from "../exchange/triton.js";
import { servedName } from "../focus/engines/kserve.js";
import { startOnnx } from "../focus/engines/onnx.js";
import { type FocusModel, openModel } from "../focus/model.js";
import { assertScorable, type Frame } from "../frames/frame.js";
import { makeFolder } from "../frames/make-folder.js";
import { readFrames } from "../frames/read-frames.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { say } from "./print.js";
import { spareFiles } from "./spared-files.js";

/** Real cells, free to pass on (CC0). */
const FRAME = fileURLToPath(new URL("../../data/plate/dsb_520x696_175dbb364b.png", import.meta.url));
const FORMATS = ["bioimageio", "triton"] as const;

const options = {
  model: { type: "string", default: "default", describe: "Shipped model's name, or a model folder" },
  out: {
    type: "string",
    describe: "File or folder to write; default: parfocal-<model>.bioimageio.zip, model-repository",
  },
  frame: { type: "string", describe: "bioimageio: image for the test tensors; default: one of the demo's" },
} as const satisfies Record<string, Options>;

/** `parfocal export bioimageio`, `parfocal export triton`. */
export const exportCommand: CommandModule<unknown, InferredOptionTypes<typeof options>> = {
  command: "export <format>",
  describe: "Write a model for other programs: a Bioimage Model Zoo package, or a Triton model repository",
  builder: (yargs) =>
    yargs
      .positional("format", { choices: FORMATS, demandOption: true, describe: "For which program" })
      .options(options),
  handler: async (argv) => {
    await spareFiles([argv.out]);
    const model = await openModel(argv.model);
    if (argv.format === "triton") await writeRepository(model, argv.out ?? "model-repository");
    else await writePackage(model, argv.out ?? `parfocal-${model.card.name}.bioimageio.zip`, argv.frame);
  },
};

async function writeRepository(model: FocusModel, out: string): Promise<void> {
  for (const [name, bytes] of tritonRepository(model)) {
    const path = join(out, name);
    await makeFolder(dirname(path));
    await writeAtomically(path, bytes);
  }
  say(`Wrote ${join(out, servedName(model))}`);
}

async function writePackage(model: FocusModel, out: string, framePath = FRAME): Promise<void> {
  const frame = await firstFrame(framePath);
  const engine = await startOnnx(model, { device: "cpu" });
  try {
    const files = bioimageioPackage(model, frame, await engine.run(frame));
    await writeAtomically(out, zipSync(Object.fromEntries(files)));
    say(`Wrote ${out}`);
  } finally {
    await engine.dispose();
  }
}

async function firstFrame(path: string): Promise<Frame> {
  for await (const { frame } of readFrames(path)) {
    assertScorable(frame);
    return frame;
  }
  throw new FrameReadError(path, "holds no image");
}
