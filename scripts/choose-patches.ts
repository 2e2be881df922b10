/**
 * How many patches have to be judged to know a frame, on fields of any size:
 *   npx tsx scripts/choose-patches.ts MANIFEST.csv... [--model NAME] [--every N] [--patches 16,32,48,64,96,128]
 * Judges every patch of frames of known level (synthetic defocus, three lights), of frames that are sharp on one side only and
 * of empty ones, and tells for each number what the verdict would have been from so many of them, and what it is: from the first
 * ones, and from all that decide where those leave doubt.
 */
import { parseArgs } from "node:util";
import { conditionOf, countRange, leavesDoubt } from "../src/focus/condition.js";
import { frameLevel } from "../src/focus/frame-level.js";
import { LEVELS } from "../src/focus/levels.js";
import { openModel } from "../src/focus/model.js";
import { decidingPatches, FIRST_PATCHES } from "../src/focus/patch-choice.js";
import type { Condition } from "../src/focus/report.js";
import { Scorer } from "../src/focus/scorer.js";
import { patchGrid } from "../src/focus/tiling.js";
import type { Frame } from "../src/frames/frame.js";
import { readManifest } from "../src/frames/manifest.js";
import { readFrames } from "../src/frames/read-frames.js";
import { Defocus } from "../src/optics/defocus.js";
import { LEVEL_UM } from "../src/optics/point-spread-function.js";
import { Random } from "../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../src/optics/sensor.js";
import { fieldLight, halvesOf } from "./field-light.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: "default" },
    every: { type: "string", default: "1" },
    patches: { type: "string", default: "16,32,48,64,96,128" },
  },
});
const LIMITS = [...values.patches.split(",").map(Number), Number.POSITIVE_INFINITY];
/** What each row of the table is made from. */
const ROWS = [...LIMITS.map((limit) => (Number.isFinite(limit) ? `${limit}` : "all")), "as many as it takes"];
const LEVELS_SHOWN = [0, 1, 2, 4, 6, 9];
const LIGHTS = [100, 1000, Number.POSITIVE_INFINITY];
/** Frames of so many patches and more, by the smallest number of a group. */
const GROUPS = [49, 65, 129];

type Truth = number | "mixed" | "blank";
/** What a frame is known to be, and what so many patches say, in the order of `ROWS`. */
interface Judged {
  readonly patches: number;
  readonly truth: Truth;
  readonly verdicts: readonly Verdict[];
  /** Whether its first patches were enough. */
  readonly isEarly: boolean;
}
interface Verdict {
  readonly level: number;
  readonly condition: Condition;
}

const scorer = await Scorer.load({ model: values.model, device: "cpu" });
const { card } = await openModel(values.model);
const judged: Judged[] = [];
for (const manifest of positionals) {
  const rows = (await readManifest(manifest)).filter(({ kind }) => kind === "infocus");
  for (const [index, { path }] of rows.entries()) {
    if (index % Number(values.every) === 0) await judgeField(path, Random.of(1, index));
  }
}
await scorer.dispose();
for (const [i, least] of GROUPS.entries()) {
  const most = (GROUPS[i + 1] ?? Number.POSITIVE_INFINITY) - 1;
  tell(judged.filter(({ patches }) => patches >= least && patches <= most));
}

async function judgeField(path: string, random: Random): Promise<void> {
  for await (const { frame } of readFrames(path)) {
    const { width, height } = frame;
    const grid = patchGrid(frame, 1, "cover");
    const patches = grid.tops.length * grid.lefts.length;
    if (patches < GROUPS[0]!) return;
    const { light, background, peak } = fieldLight(frame);
    const blurred = new Defocus(width, height).applyMany(
      light,
      LEVELS_SHOWN.map((level) => level * LEVEL_UM),
    );
    const scenes: [Truth, Float32Array][] = LEVELS_SHOWN.map((level, i) => [level, blurred[i]!]);
    scenes.push(
      ["mixed", halvesOf(blurred[0]!, blurred[4]!, width)],
      ["blank", new Float32Array(light.length).fill(background)],
    );
    for (const electrons of LIGHTS) {
      for (const [truth, image] of scenes) {
        if (truth === "blank" && electrons === Number.POSITIVE_INFINITY) continue;
        const sensor = { ...IDEAL_SENSOR, electronsPerCount: electrons / peak, offsetCounts: 100 };
        const shown = { width, height, pixels: expose(image, sensor, random) };
        judged.push({ patches, truth, ...(await verdictsOf(shown)) });
      }
    }
    return;
  }
}

async function verdictsOf(frame: Frame): Promise<Pick<Judged, "verdicts" | "isEarly">> {
  const report = await scorer.score(frame, { coverage: "full" });
  const { probabilities, certainties } = report;
  const grid = patchGrid(frame, 1, "cover");
  const range = countRange(frame);
  const verdictFrom = (limit?: number): Verdict & { readonly leavesDoubt: boolean } => {
    const chosen = decidingPatches(frame, grid, { most: limit });
    const scores = {
      ...report,
      probabilities: Float32Array.from(
        chosen.flatMap((p) => [...probabilities.subarray(p * LEVELS, (p + 1) * LEVELS)]),
      ),
      certainties: Float32Array.from(chosen, (p) => certainties[p]!),
    };
    const judged = frameLevel(scores.probabilities, scores.certainties);
    const told = conditionOf(frame, range, scores, judged, {}, card.conditions);
    return {
      level: judged.level,
      condition: told.condition,
      leavesDoubt: leavesDoubt(told, scores, judged, {}, card.conditions),
    };
  };
  const first = verdictFrom(FIRST_PATCHES);
  const taken = first.leavesDoubt ? verdictFrom() : first;
  return { verdicts: [...LIMITS.map(verdictFrom), taken], isEarly: !first.leavesDoubt };
}

function tell(frames: readonly Judged[]): void {
  if (frames.length === 0) return;
  const counts = frames.map(({ patches }) => patches);
  console.log(`\n${frames.length} frames of ${Math.min(...counts)} to ${Math.max(...counts)} patches`);
  const early = frames.filter(({ isEarly }) => isEarly).length;
  console.log(
    `The first ${FIRST_PATCHES} are enough for ${((100 * early) / frames.length).toFixed(0)} % of them`,
  );
  console.log(
    "| patches | exact | within 1 | 100 electrons: within 1 | mixed found | others taken for it | blank found |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  const known = frames.filter(({ truth }) => typeof truth === "number");
  const share = (of: readonly Judged[], i: number, holds: (verdict: Verdict, truth: Truth) => boolean) =>
    `${((100 * of.filter(({ verdicts, truth }) => holds(verdicts[i]!, truth)).length) / of.length).toFixed(1)} %`;
  const dim = known.filter((_, i) => i % (LEVELS_SHOWN.length * LIGHTS.length) < LEVELS_SHOWN.length);
  for (const [i, row] of ROWS.entries()) {
    const cells = [
      row,
      share(known, i, ({ level }, truth) => Math.round(level) === truth),
      share(known, i, ({ level }, truth) => Math.abs(Math.round(level) - Number(truth)) <= 1),
      share(dim, i, ({ level }, truth) => Math.abs(Math.round(level) - Number(truth)) <= 1),
      share(
        frames.filter(({ truth }) => truth === "mixed"),
        i,
        ({ condition }) => condition === "mixed",
      ),
      share(known, i, ({ condition }) => condition === "mixed"),
      share(
        frames.filter(({ truth }) => truth === "blank"),
        i,
        ({ condition }) => condition === "blank",
      ),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
