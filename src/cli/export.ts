import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { FrameReadError } from "../errors.js";
import { bioimageioPackage } from "../exchange/bioimageio.js";
import { startOnnx } from "../focus/engines/onnx.js";
import { openModel } from "../focus/model.js";
import { assertScorable, type Frame } from "../frames/frame.js";
import { readFrames } from "../frames/read-frames.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { say } from "./print.js";

/** Real cells, free to pass on (CC0). */
const FRAME = fileURLToPath(new URL("../../data/plate/dsb_520x696_175dbb364b.png", import.meta.url));
const FORMATS = ["bioimageio"] as const;

const options = {
  model: { type: "string", default: "default", describe: "Shipped model's name, or a model folder" },
  out: { type: "string", describe: "File to write; default: parfocal-<model>.bioimageio.zip" },
  frame: { type: "string", describe: "Image for the test tensors; default: one of the demo's" },
} as const satisfies Record<string, Options>;

/** `parfocal export bioimageio`. */
export const exportCommand: CommandModule<unknown, InferredOptionTypes<typeof options>> = {
  command: "export <format>",
  describe: "Write a model for other programs: a package of the Bioimage Model Zoo",
  builder: (yargs) =>
    yargs
      .positional("format", { choices: FORMATS, demandOption: true, describe: "For which program" })
      .options(options),
  handler: async (argv) => {
    const model = await openModel(argv.model);
    const frame = await firstFrame(argv.frame ?? FRAME);
    const engine = await startOnnx(model, { device: "cpu" });
    try {
      const files = bioimageioPackage(model, frame, await engine.run(frame));
      const out = argv.out ?? `parfocal-${model.card.name}.bioimageio.zip`;
      await writeAtomically(out, zipSync(Object.fromEntries(files)));
      say(`Wrote ${out}`);
    } finally {
      await engine.dispose();
    }
  },
};

async function firstFrame(path: string): Promise<Frame> {
  for await (const { frame } of readFrames(path)) {
    assertScorable(frame);
    return frame;
  }
  throw new FrameReadError(path, "holds no image");
}
