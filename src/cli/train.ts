import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from "yargs";
import { networks } from "../networks/registry.js";
import { RUNTIMES, startTensorFlow } from "../networks/tensorflow-runtime.js";
import type { HeldOutScore } from "../training/held-out.js";
import { train } from "../training/train.js";
import type { TrainingProgress, TrainingResult } from "../training/trainer.js";
import { refuseUnless } from "./check-arguments.js";
import { commandLine } from "./command-line.js";
import { exitCodes } from "./exit-codes.js";
import { markedFrames } from "./marked-frames.js";
import { say } from "./print.js";
import { duration, ProgressBar } from "./progress.js";

const STEPS = 12_000;

const options = {
  out: { type: "string", demandOption: true, describe: "Folder of the model to write" },
  network: {
    choices: [...networks.keys()],
    describe: "Network to train; default: that of --start-from, else medium",
  },
  steps: {
    type: "number",
    describe: `Steps of 64 patches, or 0 to fit only what tells content from empty patches; default: ${STEPS}`,
  },
  minutes: {
    type: "number",
    describe: "Train for so many minutes instead, and keep the best of them on the held-out fields",
  },
  "learning-rate": { type: "number", default: 0.002, describe: "Highest rate of Adam" },
  seed: { type: "number", default: 1, describe: "Same seed, engine and machine: same weights" },
  "held-out": { type: "number", default: 0.1, describe: "Share of the fields kept for checking, 0 to 1" },
  threads: { type: "number", default: availableParallelism(), describe: "Threads that make patches" },
  "checkpoint-seconds": { type: "number", default: 30, describe: "Seconds between checkpoints" },
  resume: { type: "boolean", default: false, describe: "Continue from the checkpoint in --out" },
  "start-from": { type: "string", describe: "Model whose weights are the start" },
  backend: { choices: RUNTIMES, describe: "TensorFlow backend; default: the fastest that loads" },
} as const satisfies Record<string, Options>;

type TrainArguments = InferredOptionTypes<typeof options> & { images: string[] };

export const trainCommand: CommandModule<unknown, TrainArguments> = {
  command: "train <images..>",
  describe: "Train a network on in-focus images, defocused synthetically as it goes",
  builder: (yargs) =>
    yargs
      .positional("images", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "In-focus images: files, folders, globs, or a manifest.csv",
      })
      .options(options)
      .check((argv) => checkSettings(argv as unknown as ArgumentsCamelCase<TrainArguments>)),
  handler: async (argv) => {
    const interrupt = new AbortController();
    process.once("SIGINT", () => interrupt.abort());
    process.once("SIGTERM", () => interrupt.abort());
    const runtime = await startTensorFlow(argv.backend);
    say(`Engine: ${runtime.description}`);

    let reading: ProgressBar | undefined;
    let bar: ProgressBar | undefined;
    let looking: ProgressBar | undefined;
    const outcome = await train({
      images: argv.images,
      out: argv.out,
      steps: argv.steps ?? STEPS,
      minutes: argv.minutes,
      learningRate: argv.learningRate,
      seed: argv.seed,
      heldOutShare: argv.heldOut,
      threads: argv.threads,
      checkpointSeconds: argv.checkpointSeconds,
      resume: argv.resume,
      runtime,
      command: commandLine(),
      clock: () => performance.now(),
      signal: interrupt.signal,
      ...(argv.network === undefined ? {} : { network: argv.network }),
      ...(argv.startFrom === undefined ? {} : { startFrom: argv.startFrom }),
      onImage: (done, total) => {
        reading ??= new ProgressBar("Reading images {bar} {value}/{total}", total);
        reading.update(done);
      },
      onImages: ({ sources, leftOut }) => {
        reading?.stop();
        const heldOut = sources.filter(({ split }) => split === "held-out").length;
        say(`Images: ${sources.length - heldOut} to train on, ${heldOut} held out, no field in both`);
        for (const reason of leftOut) say(`Skipped: ${reason}`);
        bar = new ProgressBar("Training {bar} {value} % {note}", 100);
      },
      onProgress: (progress) => {
        bar?.update(Math.floor(100 * progress.share), { note: note(progress) });
        if (!process.stderr.isTTY && progress.lastPoint?.step === progress.step) {
          say(`step ${progress.step}, ${percent(progress.share)}  ${note(progress)}`);
        }
      },
      onCheckpointFailure: (reason) => say(`No checkpoint: ${reason}. The training goes on and tries again.`),
      onContent: (share) => {
        if (looking === undefined) {
          bar?.stop();
          looking = new ProgressBar("Telling content from empty patches {bar} {value} %", 100);
        }
        looking.update(Math.floor(100 * share));
      },
    });
    bar?.stop();
    looking?.stop();
    if (!outcome.finished) {
      say(`Stopped at step ${outcome.result.step}; run the same command with --resume to continue.`);
      process.exitCode = exitCodes.interrupted;
      return;
    }
    say(
      `Trained for ${duration(outcome.result.seconds)}; the exported graph differs by at most ${outcome.exportDifference?.toExponential(1)}`,
    );
    say(`Model written to ${argv.out}`);
    if (outcome.shipped !== undefined) say(weakness(outcome.result, outcome.shipped));
    if (outcome.tellsLess) say(LESS_TOLD);
    for (const line of await markedFrames(argv.images, argv.out, modelBefore(argv))) say(line);
  },
};

function checkSettings({
  steps,
  minutes,
  threads,
  learningRate,
  heldOut,
  checkpointSeconds,
  startFrom,
}: ArgumentsCamelCase<TrainArguments>): true {
  refuseUnless(steps === undefined || minutes === undefined, "Give --steps or --minutes, not both");
  refuseUnless(minutes === undefined || minutes > 0, "--minutes must be above 0");
  const isCount = steps === undefined || (Number.isInteger(steps) && steps >= 0);
  refuseUnless(isCount, "--steps must be a whole number, 0 or more");
  refuseUnless(
    steps !== 0 || startFrom !== undefined,
    "--steps 0 trains nothing: name the model whose weights are kept with --start-from",
  );
  refuseUnless(Number.isInteger(threads) && threads > 0, "--threads must be a whole number above 0");
  refuseUnless(learningRate > 0, "--learning-rate must be above 0");
  refuseUnless(heldOut >= 0 && heldOut <= 1, "--held-out must lie between 0 and 1");
  refuseUnless(checkpointSeconds >= 0, "--checkpoint-seconds must not be negative");
  return true;
}

/** The model that is used now: one that was trained on in its own folder is no more. */
function modelBefore({ startFrom = "default", out }: ArgumentsCamelCase<TrainArguments>): string {
  return resolve(startFrom) === resolve(out) ? "default" : startFrom;
}

const LESS_TOLD =
  "Warning: too few patches of these images show anything to learn from what is empty. Unlike the model that it started from, this one " +
  "does not tell empty frames and unfamiliar ones by their content: add images.";

/** What speaks against a model that judges its own held-out fields worse than the one that ships. */
function weakness({ point, seconds }: TrainingResult, shipped: HeldOutScore): string {
  const within = (score: HeldOutScore) => percent(score.heldOutWithinOne);
  return (
    `Warning: this model is weak. Of the patches held out it puts ${within(point!)} within one level ` +
    `(loss ${point!.heldOutLoss.toFixed(3)}); the model that ships ` +
    `puts ${within(shipped)} (loss ${shipped.heldOutLoss.toFixed(3)}). It was trained for ${duration(seconds)}: train longer, ` +
    "on more fields, or from the shipped model (--start-from default)."
  );
}

function note({ loss, lastPoint, stepsPerSecond, secondsLeft }: TrainingProgress): string {
  const heldOut = lastPoint
    ? `held out: loss ${lastPoint.heldOutLoss.toFixed(3)}, exact ${percent(lastPoint.heldOutExact)}, within one ${percent(lastPoint.heldOutWithinOne)}`
    : "held out: not yet";
  return `loss ${loss.toFixed(3)}  ${heldOut}  ${stepsPerSecond.toFixed(1)} steps/s  ${duration(secondsLeft)} left`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
