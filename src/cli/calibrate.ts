import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from "yargs";
import { writeCalibration } from "../calibration/calibration-file.js";
import { fitStack, type Plane, type StackFit } from "../calibration/fit-stack.js";
import {
  isOfChannel,
  pagesOfOneStack,
  planesUm,
  type StackPage,
  tellsZ,
} from "../calibration/stack-pages.js";
import { stackPlot } from "../calibration/stack-plot.js";
import { FrameReadError, isParfocalError } from "../errors.js";
import type { Sampling } from "../focus/binning.js";
import type { FocusReport } from "../focus/report.js";
import { Scorer } from "../focus/scorer.js";
import { findImages } from "../frames/find-images.js";
import { readFrames } from "../frames/read-frames.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { UsageError } from "./check-arguments.js";
import { commandLine } from "./command-line.js";
import {
  checkOptics,
  type OpticsArguments,
  opticsDoubt,
  opticsOptions,
  samplingAt,
} from "./optics-options.js";
import { print, say } from "./print.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";
import { spareFiles } from "./spared-files.js";

/** From this ratio on, one side blurs clearly faster than the other. */
const ASYMMETRIC = 1.25;
/** Levels that scatter more than this about the fit do not bear it. */
const POOR_FIT = 0.5;
/** Optics that promise so many times more or less um per level than the stack shows were not those of the stack. */
const OTHER_OPTICS = 3;
const NO_Z = "the file does not say its z: give --z-step-um";

const options = {
  "z-step-um": {
    type: "number",
    describe: "Distance of the planes, um, in the order of the pages or files; default: what the files say",
  },
  channel: { type: "string", describe: "Of a stack of several channels, the one to take, by its name" },
  out: { type: "string", default: "calibration.yaml", describe: "File for agent and score (--calibration)" },
  plot: { type: "string", describe: "File for a plot of levels over z, SVG" },
  ...opticsOptions,
  ...scorerOptions,
} as const satisfies Record<string, Options>;

type CalibrateArguments = InferredOptionTypes<typeof options> & { stack: string[] };

/** `parfocal calibrate`: um per level of one's own microscope, from one z-stack. */
export const calibrateCommand: CommandModule<unknown, CalibrateArguments> = {
  command: "calibrate <stack..>",
  describe: "Measure how many um blur by one level on your microscope, from one z-stack",
  builder: (yargs) =>
    yargs
      .positional("stack", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "A z-stack through focus: one file with pages, or a file for each plane",
      })
      .options(options)
      .check((argv) => checkOptics(argv as unknown as OpticsArguments))
      .check(({ zStepUm }) => {
        if (zStepUm === undefined || (zStepUm !== 0 && Number.isFinite(zStepUm))) return true;
        throw new UsageError("--z-step-um must be the distance of two planes, um, and not 0");
      }),
  handler: async (argv) => {
    await spareFiles([argv.out, argv.plot], argv.stack);
    const { planes, binning, umPerLevel } = await judgedPlanes(argv);
    const fit = fitStack(planes);
    await writeCalibration(argv.out, { umPerLevel: fit.umPerLevel, binning }, [
      `Made by: ${commandLine()}`,
      `${planes.length} planes; levels lie ${fit.residual.toFixed(2)} from the fit`,
    ]);
    if (argv.plot !== undefined) {
      await writeAtomically(argv.plot, Buffer.from(stackPlot(planes, fit, argv.stack.join(", "))));
    }
    for (const line of report(planes, fit, umPerLevel)) print(`${line}\n`);
    print(`Written: ${argv.out}. Use it: parfocal agent --calibration ${argv.out}\n`);
  },
};

/** The level of each plane, how it was binned, and the um per level that the optics promise, if they are known. */
async function judgedPlanes(
  argv: ArgumentsCamelCase<CalibrateArguments>,
): Promise<{ planes: Plane[]; binning: number; umPerLevel: number | undefined }> {
  const scorer = await Scorer.load(scorerOf(argv));
  const planes: Plane[] = [];
  const leftOut = { blank: 0, unusable: 0 };
  const judged: FocusReport[] = [];
  let sampling: Sampling | undefined;
  const doubt = opticsDoubt(argv);
  if (doubt !== undefined) say(doubt);
  try {
    const all: StackPage[] = [];
    let isOne = true;
    for (const path of await findImages(argv.stack)) {
      for await (const page of readFrames(path)) {
        all.push({ path, page: page.page, metadata: page.metadata });
        // More pages never make one stack of several.
        isOne &&= isOneSoFar(all, argv.channel);
        if (!isOne) continue;
        if (!isOfChannel(page.metadata, argv.channel)) continue;
        if (argv.zStepUm === undefined && !tellsZ(page.metadata)) throw new FrameReadError(path, NO_Z);
        sampling ??= samplingAt(path, argv, page);
        judged.push(await scorer.score(page.frame, { binning: sampling?.binning ?? 1 }));
      }
    }
    const placesUm = planesUm(pagesOfOneStack(all, argv.channel));
    for (const [index, { expectedLevel, condition }] of judged.entries()) {
      const zUm = argv.zStepUm === undefined ? placesUm[index] : index * argv.zStepUm;
      if (zUm === undefined) throw new FrameReadError(argv.stack.join(", "), NO_Z);
      // Their levels are none: of what shows nothing they are guesses, and saturation hides the blur.
      if (condition === "blank" || condition === "unusable") leftOut[condition]++;
      else planes.push({ zUm, level: expectedLevel });
    }
  } finally {
    await scorer.dispose();
  }
  if (planes.length < judged.length) {
    say(`Left out of ${judged.length} planes: ${leftOut.blank} blank, ${leftOut.unusable} unusable`);
  }
  return { planes, binning: sampling?.binning ?? 1, umPerLevel: sampling?.umPerLevel };
}

/** Whether the pages so far may be of one stack; where they are not, those that follow are only looked at for the message. */
function isOneSoFar(pages: readonly StackPage[], channel: string | undefined): boolean {
  try {
    const chosen = pages.filter(({ metadata }) => isOfChannel(metadata, channel));
    return chosen.length === 0 || pagesOfOneStack(chosen, channel).length > 0;
  } catch (error) {
    if (isParfocalError(error, "StackFitError")) return false;
    throw error;
  }
}

function report(planes: readonly Plane[], fit: StackFit, promised: number | undefined): string[] {
  const um = (value: number) => Number(value.toPrecision(3));
  const lines = [
    `Focus at z ${um(fit.focusUm)} um, where the level is ${fit.sharpestLevel.toFixed(1)}.`,
    `One level is ${um(fit.umPerLevel)} um${promised === undefined ? "" : `; the optics promise ${um(promised)} um`}.`,
  ];
  if (promised !== undefined && ratioOf(fit.umPerLevel, promised) >= OTHER_OPTICS) {
    lines.push(
      "They are far from each other: check --na, the size of a pixel, and the distance of the planes (--z-step-um).",
    );
  }
  const { umPerLevelAbove, umPerLevelBelow } = fit;
  if (ratioOf(umPerLevelAbove, umPerLevelBelow) >= ASYMMETRIC) {
    lines.push(
      `The sides differ: ${um(umPerLevelAbove)} um a level at larger z, ${um(umPerLevelBelow)} um at smaller z (spherical aberration: check cover glass, correction collar and immersion).`,
    );
  }
  if (fit.residual > POOR_FIT) {
    lines.push(
      `The levels lie ${fit.residual.toFixed(1)} from the fit: take a stack of thinner or brighter structure, or one channel alone.`,
    );
  }
  const z = planes.map(({ zUm }) => zUm);
  if (fit.focusUm < Math.min(...z) || fit.focusUm > Math.max(...z)) {
    lines.push("Focus lies outside of the stack: take it on both sides of focus.");
  }
  return lines;
}

function ratioOf(one: number, other: number): number {
  return Math.max(one, other) / Math.min(one, other);
}
