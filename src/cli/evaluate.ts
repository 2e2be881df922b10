import { join } from "node:path";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { evaluate } from "../evaluation/evaluate.js";
import { evaluationMarkdown } from "../evaluation/report.js";
import { Scorer } from "../focus/scorer.js";
import { makeFolder } from "../frames/make-folder.js";
import { readManifest } from "../frames/manifest.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { describeMachine } from "../machine.js";
import { commandLine } from "./command-line.js";
import { print, say } from "./print.js";
import { ProgressBar } from "./progress.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";

const options = {
  ...scorerOptions,
  "peak-electrons": {
    type: "number",
    describe: "Photoelectrons of the brightest pixel of the synthetic frames; default: no photon noise",
  },
  seed: {
    type: "number",
    default: 1,
    describe: "Seed of the noise, of the frames that thresholds are chosen on and of the resamples",
  },
  out: {
    type: "string",
    describe: "Folder for evaluation.md and evaluation.json; default: Markdown on standard output",
  },
} as const satisfies Record<string, Options>;

type EvaluateArguments = InferredOptionTypes<typeof options> & { manifest: string };

export const evaluateCommand: CommandModule<unknown, EvaluateArguments> = {
  command: "evaluate <manifest>",
  describe: "Measure a model on labelled images, focal stacks and synthetic defocus",
  builder: (yargs) =>
    yargs
      .positional("manifest", { type: "string", demandOption: true, describe: "manifest.csv of the images" })
      .options(options),
  handler: async (argv) => {
    const rows = await readManifest(argv.manifest);
    const scorer = await Scorer.load(scorerOf(argv));
    say(scorer.engine);
    const bar = new ProgressBar("Evaluating {bar} {value}/{total}", rows.length);
    const evaluation = await evaluate({
      scorer,
      rows,
      peakElectrons: argv.peakElectrons ?? Number.POSITIVE_INFINITY,
      seed: argv.seed,
      onProgress: (done) => bar.update(done),
    });
    bar.stop();
    await scorer.dispose();
    const markdown = evaluationMarkdown(evaluation, commandLine(), describeMachine());
    if (argv.out === undefined) {
      print(markdown);
      return;
    }
    await makeFolder(argv.out);
    await writeAtomically(join(argv.out, "evaluation.md"), Buffer.from(markdown));
    await writeAtomically(
      join(argv.out, "evaluation.json"),
      Buffer.from(`${JSON.stringify(evaluation, null, 1)}\n`),
    );
    say(`Written: ${join(argv.out, "evaluation.md")} and evaluation.json`);
  },
};
