import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { readOriginalModel } from "../exchange/original-model.js";
import { yang2018 } from "../networks/yang2018.js";
import { writeModel } from "../training/write-model.js";
import { commandLine } from "./command-line.js";
import { say } from "./print.js";

const options = {
  out: { type: "string", default: "models/miq", describe: "Folder of the model to write" },
} as const satisfies Record<string, Options>;

type ImportArguments = InferredOptionTypes<typeof options> & { checkpoint: string };

/** `parfocal import-miq`. */
export const importMiqCommand: CommandModule<unknown, ImportArguments> = {
  command: "import-miq <checkpoint>",
  describe: "Make a model of the original's checkpoint or SavedModel (google/microscopeimagequality)",
  builder: (yargs) =>
    yargs
      .positional("checkpoint", {
        type: "string",
        demandOption: true,
        describe:
          "PREFIX of PREFIX.index and PREFIX.data-00000-of-00001, or a folder with them or a SavedModel",
      })
      .options(options),
  handler: async ({ checkpoint, out }) => {
    const { weights, checksums, isPublished, steps = 0 } = await readOriginalModel(checkpoint);
    const what = isPublished ? "the published model" : "a model with the network";
    const training = {
      command: commandLine(),
      engine: "TensorFlow 1, by others",
      machine: "unknown",
      // What is not known of a model that others trained.
      ...{ seconds: 0, steps, seed: 0, recipe: {}, licences: {}, images: [] },
    };
    await writeModel(out, yang2018, weights, training, [], {
      description: `${what} of google/microscopeimagequality (Apache-2.0), imported; ${yang2018.description}`,
      imported: { from: "google/microscopeimagequality", isPublished, checksums },
    });
    say("All checksums are right.");
    say(
      isPublished
        ? "These are the published weights."
        : "These are not the published weights (step 1000042), but weights of the same network.",
    );
    say(`Model written to ${out}. As the original judges: parfocal score --model ${out} --tiling original`);
  },
};
