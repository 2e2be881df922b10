/**
 * Measures how often a model is right, and writes into its card what turns its answers into confidences:
 *   npx tsx scripts/calibrate-confidence.ts MANIFEST.csv [--model FOLDER] [--every N] [--write]
 * Takes the images that its card says were held out of its training: a network is surer and righter of those that it was trained on.
 * Defocuses in-focus images to all levels, without photon noise and with 1000 and 100 electrons in the brightest pixel. The
 * temperature is the one under which patches that say p are right p of the time best (log loss); the frame's log odds are
 * fitted on top (logistic regression). Both are chosen again without each source in turn and judged on that source alone.
 */
import { parseArgs } from "node:util";
import { expectedCalibrationError } from "../src/evaluation/reliability.js";
import { defocusedToAllLevels, exposedFrame, LITTLE_LIGHT } from "../src/evaluation/synthetic-frames.js";
import { mostProbableLevel } from "../src/focus/certainty.js";
import {
  type ConfidenceScale,
  frameConfidence,
  patchConfidences,
  RIGHT_WITHIN,
  UNMEASURED,
} from "../src/focus/confidence.js";
import { LEVELS } from "../src/focus/levels.js";
import { openModel } from "../src/focus/model.js";
import { Scorer } from "../src/focus/scorer.js";
import { readManifest } from "../src/frames/manifest.js";
import { readFrames } from "../src/frames/read-frames.js";
import { Random } from "../src/optics/random.js";
import { judgedPatches } from "./judged-patches.js";
import { writeIntoCard } from "./write-into-card.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "models/default" },
    every: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});

/** What the network says of one frame whose level is known. */
interface Known {
  readonly source: string;
  readonly trueLevel: number;
  readonly expectedLevel: number;
  readonly probabilities: Float32Array;
  readonly certainties: Float32Array;
  /** Of each patch: whether its most probable level is right. */
  readonly patchesRight: readonly boolean[];
}

const frames = await knownFrames();
const sources = [...new Set(frames.map(({ source }) => source))];
console.log(`${frames.length} frames of ${sources.length} sources`);

const scale = fitted(frames);
console.log(`all sources: ${JSON.stringify(scale)}; errors ${errorsOf(frames, () => scale)}`);
const without = new Map(
  sources.map((left) => [left, fitted(frames.filter(({ source }) => source !== left))]),
);
console.log(`each source by the others: errors ${errorsOf(frames, ({ source }) => without.get(source)!)}`);
console.log(`not calibrated: errors ${errorsOf(frames, () => UNMEASURED)}`);
if (values.write) await writeIntoCard(values.model, { confidence: scale });

async function knownFrames(): Promise<Known[]> {
  const scorer = await Scorer.load({ model: values.model, device: "cpu" });
  const known: Known[] = [];
  const { images } = (await openModel(values.model)).card.training;
  const heldOut = new Set(images.filter(({ split }) => split === "held-out").map(({ file }) => file));
  const rows = (await readManifest(positionals[0]!)).filter(({ file }) => heldOut.has(file));
  for (const [index, { path, source }] of rows.entries()) {
    if (index % Number(values.every) !== 0) continue;
    for await (const { frame } of readFrames(path)) {
      const lights = defocusedToAllLevels(frame);
      for (const [trueLevel, light] of lights.entries()) {
        for (const peakElectrons of [Number.POSITIVE_INFINITY, ...LITTLE_LIGHT]) {
          const exposure = { peakElectrons, gain: 1, offsetCounts: 100 };
          const random = Random.of(1, index * LEVELS + trueLevel);
          const report = await scorer.score(exposedFrame(light, frame, exposure, random));
          const patches = judgedPatches(report);
          const distributionOf = (i: number) => patches.probabilities.subarray(i * LEVELS, (i + 1) * LEVELS);
          known.push({
            ...{ source: source?.split("@")[0] ?? "", trueLevel, expectedLevel: report.expectedLevel },
            ...patches,
            patchesRight: Array.from(patches.certainties, (_, i) =>
              isRight(mostProbableLevel(distributionOf(i)), trueLevel),
            ),
          });
        }
      }
      break;
    }
  }
  await scorer.dispose();
  return known;
}

function isRight(level: number, trueLevel: number): boolean {
  return Math.abs(level - trueLevel) <= RIGHT_WITHIN;
}

/** Temperature in steps of 0.05, then the frame's log odds by Newton's method. */
function fitted(known: readonly Known[]): ConfidenceScale {
  const candidates = Array.from({ length: 31 }, (_, i) => Number((0.5 + i * 0.05).toFixed(2)));
  const losses = candidates.map((temperature) =>
    known.reduce((sum, frame) => {
      const confidences = patchConfidences(frame.probabilities, { ...UNMEASURED, temperature });
      return sum + confidences.reduce((loss, p, i) => loss + logLoss(p, frame.patchesRight[i]!), 0);
    }, 0),
  );
  const temperature = candidates[losses.indexOf(Math.min(...losses))]!;
  const odds = known.map((frame) => {
    const share = confidenceOf(frame, { ...UNMEASURED, temperature });
    return Math.log(share / (1 - share));
  });
  const rights = known.map(({ expectedLevel, trueLevel }) => (isRight(expectedLevel, trueLevel) ? 1 : 0));
  let [offset, slope] = [0, 1];
  for (let step = 0; step < 50; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
    for (const [i, x] of odds.entries()) {
      const p = 1 / (1 + Math.exp(-offset - slope * x));
      const [error, weight] = [rights[i]! - p, p * (1 - p)];
      g0 += error;
      g1 += error * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    offset += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { temperature, frameOffset: rounded(offset), frameSlope: rounded(slope) };
}

function confidenceOf({ probabilities, certainties, expectedLevel }: Known, by: ConfidenceScale): number {
  return frameConfidence(probabilities, certainties, expectedLevel, by);
}

/** Expected calibration error of patches and of frames, each frame by its own scale. */
function errorsOf(known: readonly Known[], scaleOf: (frame: Known) => ConfidenceScale): string {
  const patches = known.flatMap((frame) =>
    [...patchConfidences(frame.probabilities, scaleOf(frame))].map((confidence, i) => ({
      confidence,
      isRight: frame.patchesRight[i]!,
    })),
  );
  const whole = known.map((frame) => ({
    confidence: confidenceOf(frame, scaleOf(frame)),
    isRight: isRight(frame.expectedLevel, frame.trueLevel),
  }));
  const errors = [patches, whole].map((statements) => expectedCalibrationError(statements).toFixed(4));
  return `${errors[0]} of ${patches.length} patches, ${errors[1]} of ${whole.length} frames`;
}

function logLoss(p: number, right: boolean): number {
  return -Math.log(Math.max(1e-6, right ? p : 1 - p));
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
