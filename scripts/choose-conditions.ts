/**
 * Chooses the thresholds that tell a frame's condition, on fields that the model was trained on:
 *   npx tsx scripts/choose-conditions.ts MANIFEST.csv [--model FOLDER] [--every N] [--write]
 * From each in-focus field it makes frames of known condition (synthetic defocus, empty fields with the field's own
 * background and noise, frames that are sharp on one side only) and prints the thresholds that tell them apart best,
 * with the plateau on which each is equally good; what frames at each level mostly read, which `--write` puts into the model's
 * card; and for all of the fields, as they were recorded, how many are in focus by which threshold.
 */
import { parseArgs } from "node:util";
import { expectedLevel } from "../src/focus/certainty.js";
import { leastLevel, PATCH_DOUBT } from "../src/focus/condition.js";
import { frameLevel } from "../src/focus/frame-level.js";
import { LEVELS } from "../src/focus/levels.js";
import type { FocusReport } from "../src/focus/report.js";
import { Scorer } from "../src/focus/scorer.js";
import { readManifest } from "../src/frames/manifest.js";
import { readFrames } from "../src/frames/read-frames.js";
import { Defocus } from "../src/optics/defocus.js";
import { LEVEL_UM } from "../src/optics/point-spread-function.js";
import { Random } from "../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../src/optics/sensor.js";
import { fieldLight, halvesOf } from "./field-light.js";
import { judgedPatches } from "./judged-patches.js";
import { writeIntoCard } from "./write-into-card.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "models/default" },
    every: { type: "string", default: "4" },
    write: { type: "boolean", default: false },
  },
});
const scorer = await Scorer.load({ model: values.model, device: "cpu" });
const rows = (await readManifest(positionals[0]!)).filter(
  ({ kind, height = 0, width = 0 }) => kind === "infocus" && Math.min(height, width) >= 250,
);

/** What a frame is known to be, and what the network says of it. */
interface Known {
  readonly truth: number | "blank" | "mixed";
  readonly report: FocusReport;
}

const known: Known[] = [];
const recorded: FocusReport[] = [];
for (const [index, row] of rows.entries()) {
  for await (const { frame } of readFrames(row.path)) {
    recorded.push(await scorer.score(frame));
    if (index % Number(values.every) !== 0) break;
    const { width, height } = frame;
    const { light, background, peak } = fieldLight(frame);
    const random = Random.of(1, index);
    const score = async (truth: Known["truth"], image: Float32Array, electrons: number) => {
      const sensor = { ...IDEAL_SENSOR, electronsPerCount: electrons / peak, offsetCounts: 100 };
      const pixels = expose(image, sensor, random);
      known.push({ truth, report: await scorer.score({ width, height, pixels }) });
    };
    const levels = Array.from({ length: LEVELS }, (_, level) => level);
    const blurred = new Defocus(width, height).applyMany(
      light,
      levels.map((level) => level * LEVEL_UM),
    );
    for (const electrons of [300, 5000, Number.POSITIVE_INFINITY]) {
      for (const [i, level] of levels.entries()) await score(level, blurred[i]!, electrons);
      await score("mixed", halvesOf(blurred[0]!, blurred[6]!, width), electrons);
    }
    for (const electrons of [300, 5000]) {
      const slope = random.between(-0.2, 0.2);
      const empty = Float32Array.from(
        light,
        (_, i) => background * (1 + slope * ((i % width) / width - 0.5)),
      );
      await score("blank", empty, electrons);
    }
    break;
  }
}
await scorer.dispose();

const patchesOf = ({ certainties, probabilities }: FocusReport) =>
  Array.from(certainties, (certainty, i) => ({
    certainty,
    level: expectedLevel(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS)),
  })).filter(({ certainty }) => !Number.isNaN(certainty));
/** Levels by which thresholds are chosen: most lie near focus, where they tell apart. */
const TELLING = new Set<Known["truth"]>([0, 1, 2, 3, 4, 6, 10]);
const focused = known.filter(({ truth }) => TELLING.has(truth));

console.log(
  `${known.length} frames of ${rows.length} fields, every ${values.every}th; model ${scorer.model.sha256.slice(0, 12)}\n`,
);
console.log(
  "expected level by true level: 5 %, median, 95 %; aggregate certainty: 5 %, median; median level: median",
);
/** `medianLevel` of the patches that decided. */
const readOf = (report: FocusReport) => {
  const { probabilities, certainties } = judgedPatches(report);
  return frameLevel(probabilities, certainties).medianLevel;
};
const readings: number[] = [];
for (const truth of [...Array(LEVELS).keys(), "mixed", "blank"] as const) {
  const reports = known.filter((frame) => frame.truth === truth).map(({ report }) => report);
  const levels = reports.map((report) => report.expectedLevel).sort((a, b) => a - b);
  const certainties = reports.map((report) => report.aggregateCertainty).sort((a, b) => a - b);
  const at = (sorted: number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(2);
  const read = at(
    reports.map(readOf).sort((a, b) => a - b),
    0.5,
  );
  if (typeof truth === "number") readings.push(Number(read));
  console.log(
    `  ${String(truth).padEnd(6)} ${[0.05, 0.5, 0.95].map((share) => at(levels, share)).join("  ")}   ${at(certainties, 0.05)}  ${at(certainties, 0.5)}   ${read}`,
  );
}

if (values.write) await writeIntoCard(values.model, { readings });

// One in so many frames that show structure may be taken for empty, or for unlike those of the training.
const ONE_IN = 400;
const shows = known
  .filter(({ truth }) => truth === "mixed" || TELLING.has(truth))
  .map(({ report }) => report);
const lowest = (values: (number | undefined)[]) =>
  values.filter((value) => value !== undefined).sort((a, b) => a - b)[Math.floor(values.length / ONE_IN)];
const least = lowest(shows.map(({ structure }) => structure));
const most = lowest(shows.map(({ strangeness }) => (strangeness === undefined ? undefined : -strangeness)));
console.log(
  `\nof ${shows.length} frames with structure one in ${ONE_IN} has less structure than ${least?.toFixed(2)}, or is stranger than ${(-(most ?? Number.NaN)).toFixed(2)}`,
);

/** Best value of a threshold and the range around it that is as good, by balanced accuracy. */
function best(
  name: string,
  candidates: number[],
  judge: (threshold: number) => { hits: number; rejections: number },
): number {
  const scores = candidates.map((threshold) => {
    const { hits, rejections } = judge(threshold);
    return (hits + rejections) / 2;
  });
  const highest = Math.max(...scores);
  const plateau = candidates.filter((_, i) => scores[i]! >= highest - 0.002);
  const middle = plateau[Math.floor(plateau.length / 2)]!;
  const { hits, rejections } = judge(middle);
  console.log(
    `${name}: ${middle} (as good from ${plateau[0]} to ${plateau.at(-1)}); recognised ${(100 * hits).toFixed(1)} %, others left alone ${(100 * rejections).toFixed(1)} %`,
  );
  return middle;
}

const share = <T>(items: readonly T[], holds: (item: T) => boolean) =>
  items.filter(holds).length / items.length;
const range = (from: number, to: number, step: number) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => Number((from + i * step).toFixed(4)));

const leastLevelOf = ({ expectedLevel, levelSd }: FocusReport) =>
  leastLevel({ level: expectedLevel, sd: levelSd });

console.log();
const inFocusLevel = best(
  "inFocusLevel (levels 0, 1 against 2 and above)",
  range(0.5, 3, 0.05),
  (threshold) => ({
    hits: share(
      focused.filter(({ truth }) => (truth as number) <= 1),
      ({ report }) => leastLevelOf(report) <= threshold,
    ),
    rejections: share(
      focused.filter(({ truth }) => (truth as number) >= 2),
      ({ report }) => leastLevelOf(report) > threshold,
    ),
  }),
);

const byThreshold = range(0.5, 1.1, 0.05).map((threshold) => {
  const inFocus = share(recorded, (report) => leastLevelOf(report) <= threshold);
  return `${threshold.toFixed(2)}: ${(100 * inFocus).toFixed(1)} %`;
});
console.log(
  `of ${recorded.length} images as they were recorded in focus by inFocusLevel ${byThreshold.join(", ")}`,
);

const blanks = known.filter(({ truth }) => truth === "blank");
for (const certainPatch of range(0.2, 0.6, 0.05)) {
  const certainShare = ({ report }: Known) =>
    share(patchesOf(report), ({ certainty }) => certainty >= certainPatch);
  best(
    `certainShare at certainPatch ${certainPatch} (blank against all others)`,
    [0.001, ...range(0.01, 0.3, 0.01)],
    (threshold) => ({
      hits: share(blanks, (frame) => certainShare(frame) < threshold),
      rejections: share(focused, (frame) => certainShare(frame) >= threshold),
    }),
  );
}

for (const certainPatch of range(0.2, 0.6, 0.1)) {
  const sharpPatch = inFocusLevel + PATCH_DOUBT;
  for (const blurredLevel of [sharpPatch + 1, sharpPatch + 1.5, sharpPatch + 2]) {
    const isMixed = (threshold: number) => (frame: Known) => {
      const certain = patchesOf(frame.report).filter(({ certainty }) => certainty >= certainPatch);
      if (certain.length === 0) return false;
      const sharp = share(certain, ({ level }) => level <= sharpPatch);
      return (
        Math.min(
          sharp,
          share(certain, ({ level }) => level >= blurredLevel),
        ) >= threshold
      );
    };
    best(
      `mixedShare at certainPatch ${certainPatch}, blurredLevel ${blurredLevel.toFixed(2)} (half sharp against evenly blurred)`,
      range(0.05, 0.45, 0.05),
      (threshold) => ({
        hits: share(
          known.filter(({ truth }) => truth === "mixed"),
          isMixed(threshold),
        ),
        rejections: share(focused, (frame) => !isMixed(threshold)(frame)),
      }),
    );
  }
}
