/**
 * Measures how well levels become micrometres under objectives that the model was not trained at:
 *   npx tsx scripts/measure-optics.ts MANIFEST.csv [--model NAME] [--every N]
 * Takes in-focus images for what such an objective shows at the sampling it is judged at, enlarges them to the camera's
 * pixels, blurs them with the point spread function of its whole aperture, and exposes them at 1000 electrons. Prints, for
 * each objective, the frames whose distance from focus is given within a tenth, and the sharp ones found in focus; with the
 * optics known, with the size of a pixel alone, and with nothing.
 */
import { parseArgs } from "node:util";
import { binningFor, unknownObjectiveAt } from "../src/focus/binning.js";
import { Scorer } from "../src/focus/scorer.js";
import type { Frame } from "../src/frames/frame.js";
import { readManifest } from "../src/frames/manifest.js";
import { readFrames } from "../src/frames/read-frames.js";
import { Convolver } from "../src/optics/convolution.js";
import { defocusKernel } from "../src/optics/defocus-kernel.js";
import { micrometresPerLevelRead } from "../src/optics/micrometres-per-level.js";
import type { Optics } from "../src/optics/point-spread-function.js";
import { Random } from "../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../src/optics/sensor.js";
import { enlargedPart } from "../src/training/region.js";

const OBJECTIVES: readonly (readonly [name: string, optics: Optics])[] = [
  ["10x/0.3, 0.65 um", { numericalAperture: 0.3, refractiveIndex: 1, wavelengthNm: 520, pixelUm: 0.65 }],
  ["20x/0.75, 0.325 um", { numericalAperture: 0.75, refractiveIndex: 1, wavelengthNm: 520, pixelUm: 0.325 }],
  [
    "40x/0.95, 0.1625 um",
    { numericalAperture: 0.95, refractiveIndex: 1, wavelengthNm: 520, pixelUm: 0.1625 },
  ],
  [
    "60x/1.4, 0.108 um",
    { numericalAperture: 1.4, refractiveIndex: 1.515, wavelengthNm: 520, pixelUm: 0.108 },
  ],
  [
    "100x/1.4, 0.065 um",
    { numericalAperture: 1.4, refractiveIndex: 1.515, wavelengthNm: 520, pixelUm: 0.065 },
  ],
];
const LEVELS = [0, 2, 3, 4, 5, 6];
const ELECTRONS = 1000;
const SIDE_PX = 504;
const TOLERANCE = 0.1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: "string", default: "default" }, every: { type: "string", default: "6" } },
});
const scorer = await Scorer.load({ model: values.model, device: "cpu" });
const rows = (await readManifest(positionals[0]!)).filter(
  ({ kind, height = 0, width = 0 }) => kind === "infocus" && Math.min(height, width) >= SIDE_PX,
);
const fields: Frame[] = [];
for (const row of rows.filter((_, i) => i % Number(values.every) === 0)) {
  for await (const { frame } of readFrames(row.path)) {
    fields.push(frame);
    break;
  }
}

console.log(`${fields.length} fields; model ${scorer.model.sha256.slice(0, 12)}\n`);
console.log(
  "objective            binned  um a level  within 10 %  sharp in focus, blurred refused  by pixel size alone  by nothing",
);
for (const [name, optics] of OBJECTIVES) {
  const binning = binningFor(optics);
  const umPerLevel = micrometresPerLevelRead({ ...optics, pixelUm: binning * optics.pixelUm });
  const side = SIDE_PX * binning;
  const convolver = new Convolver(side, side, 50 * binning + 1);
  const transfers = LEVELS.map((level) =>
    convolver.transferFunction(defocusKernel(level * umPerLevel, optics, 50 * binning + 1)),
  );
  const counts = { blurred: 0, right: 0, sharp: 0, known: [0, 0], pixel: [0, 0], unknown: [0, 0] };
  for (const [index, field] of fields.entries()) {
    const spectrum = convolver.spectrum(enlargedPart(field, binning, { left: 0, top: 0 }, side));
    for (const [k, level] of LEVELS.entries()) {
      const [light] = convolver.convolveBoth(spectrum, transfers[k]!);
      const pixels = exposed(light, Random.of(index, k));
      const frame = { width: side, height: side, pixels };
      const report = await scorer.score(frame, { binning });
      const isSharp = level === 0;
      counts[isSharp ? "sharp" : "blurred"]++;
      const isRight = ({ condition }: { condition: string }) => (condition === "in-focus") === isSharp;
      const which = isSharp ? 0 : 1;
      if (isRight(report)) counts.known[which]!++;
      const byPixel = await scorer.score(frame, { binning: binningFor(unknownObjectiveAt(optics.pixelUm)) });
      if (isRight(byPixel)) counts.pixel[which]!++;
      if (isRight(await scorer.score(frame))) counts.unknown[which]!++;
      if (!isSharp && Math.abs(report.defocusLevels / level - 1) <= TOLERANCE) counts.right++;
    }
  }
  const percent = (count: number, of: number) => `${((100 * count) / of).toFixed(0)} %`;
  const { blurred, right, sharp } = counts;
  const shares = ([inFocus, refused]: number[]) =>
    `${percent(inFocus!, sharp)}, ${percent(refused!, blurred)}`;
  console.log(
    [
      name.padEnd(20),
      String(binning).padEnd(7),
      umPerLevel.toFixed(2).padEnd(11),
      percent(right, blurred).padEnd(12),
      shares(counts.known).padEnd(32),
      shares(counts.pixel).padEnd(20),
      shares(counts.unknown),
    ].join(" "),
  );
}
await scorer.dispose();

/** Counts of a camera that sees `ELECTRONS` at the brightest structures. */
function exposed(light: Float32Array, random: Random): Uint16Array {
  const sorted = Float32Array.from(light).sort();
  const [dark, bright] = [sorted[0]!, sorted[Math.floor(0.995 * sorted.length)]!];
  const scaled = light.map((value) => 20 + (ELECTRONS * (value - dark)) / Math.max(1, bright - dark));
  return expose(
    scaled,
    { ...IDEAL_SENSOR, electronsPerCount: 1, offsetCounts: 100, readNoiseCounts: 1.5 },
    random,
  );
}
