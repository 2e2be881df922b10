import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Evaluation, evaluate } from "../../src/evaluation/evaluate.js";
import { evaluationMarkdown } from "../../src/evaluation/report.js";
import { GAINS, OFFSETS } from "../../src/evaluation/synthetic-frames.js";
import { Scorer } from "../../src/focus/scorer.js";
import { readManifest } from "../../src/frames/manifest.js";
import { FOCUS_METRICS, focusMetrics } from "../../src/metrics/focus-metrics.js";
import { DATA, dataFrame } from "../helpers/images.js";
import { SHIPPED_MODEL } from "../helpers/models.js";

const FILES = [
  "dsb_360x360_4c032609d3.png",
  "dsb_520x696_5afb7932e9.png",
  "stack_biop_R03C05F03_c1_z000.png",
  "stack_biop_R03C05F03_c1_z005.png",
  "stack_biop_R03C05F03_c1_z010.png",
];
/** Two in focus, two out of focus. */
const LABELLED = [
  "dsb_360x360_4c032609d3.png",
  "dsb_360x360_c169a7782a.png",
  "dsb_520x696_5afb7932e9.png",
  "dsb_520x696_351771edfc.png",
];
const allRows = await readManifest(join(DATA, "evaluation/manifest.csv"));
const rows = allRows.filter(({ file }) => FILES.includes(file));

describe("evaluate", () => {
  let scorer: Scorer;
  let evaluation: Evaluation;
  const progress: [number, number][] = [];
  const run = (seed: number, peakElectrons: number) =>
    evaluate({ scorer, rows, peakElectrons, seed, onProgress: (...at) => progress.push(at) });
  beforeAll(async () => {
    scorer = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
    evaluation = await run(1, 2000);
  });
  afterAll(() => scorer.dispose());

  it("defocuses the one in-focus field to all 11 levels and counts them in a confusion matrix", () => {
    const { frames, exact, withinOne, withinTwo, confusion } = evaluation.synthetic!;
    expect(frames).toBe(11);
    expect(confusion.map((row) => row.reduce((a, b) => a + b))).toEqual(new Array<number>(11).fill(1));
    expect(exact).toBeLessThanOrEqual(withinOne);
    expect(withinOne).toBeLessThanOrEqual(withinTwo);
    expect(exact).toBeCloseTo(confusion.reduce((sum, row, level) => sum + row[level]!, 0) / 11, 12);
  });

  it("judges the same frames at each gain and offset of the paper's Fig. 4", () => {
    expect(evaluation.gains.map(({ gain, frames }) => [gain, frames])).toEqual(
      GAINS.map((gain) => [gain, 11]),
    );
    expect(evaluation.offsets.map(({ offsetCounts, frames }) => [offsetCounts, frames])).toEqual(
      OFFSETS.map((offset) => [offset, 11]),
    );
    const { exact, withinOne } = evaluation.gains.find(({ gain }) => gain === 1)!;
    expect([exact, withinOne]).toEqual([evaluation.synthetic!.exact, evaluation.synthetic!.withinOne]);
  });

  it("judges them with little light, too, and says how far the levels are off", () => {
    expect(evaluation.lights.map(({ peakElectrons, frames }) => [peakElectrons, frames])).toEqual([
      [1000, 11],
      [100, 11],
    ]);
    const { bias } = evaluation.synthetic!;
    expect(bias.length).toBe(11);
    expect(Math.max(...bias.map((error) => Math.abs(error!)))).toBeLessThan(1.5);
  });

  it("counts how often what is said of frames and patches of known level is right", () => {
    const { frames, patches } = evaluation.reliability;
    expect(frames!.count).toBe(3 * 11);
    // 360 x 360 px hold 5 x 5 patches: of a frame that leaves no doubt 16 are judged, of others all.
    const inDoubt = (patches!.count - 3 * 11 * 16) / 9;
    expect([...Array(3 * 11 + 1).keys()]).toContain(inDoubt);
    expect(frames!.bins.reduce((sum, { count }) => sum + count, 0)).toBe(33);
  });

  it("takes frames whose level the manifest knows into the reliability", async () => {
    const [row] = rows.filter(({ file }) => file === "dsb_520x696_5afb7932e9.png");
    const known = [{ ...row!, level: 0 }];
    const { reliability } = await evaluate({ scorer, rows: known, peakElectrons: 100, seed: 1 });
    expect(reliability.frames).toMatchObject({ count: 1, right: 0 });
    const unknown = await evaluate({ scorer, rows: [row!], peakElectrons: 100, seed: 1 });
    expect(unknown.reliability.frames).toBeUndefined();
  });

  it("judges frames at the sampling that their optics ask for, the synthetic ones too", async () => {
    const [row] = rows.filter(({ file }) => file === "dsb_360x360_4c032609d3.png");
    const samplingOf = () => ({ binning: 2, umPerLevel: 0.5 });
    const binned = await evaluate({ scorer, rows: [row!], peakElectrons: 1000, seed: 1, samplingOf });
    expect(binned.frames[0]).toMatchObject({ binning: 2, umPerLevel: 0.5 });
    // 180 x 180 px hold 3 x 3 patches.
    expect(binned.reliability.patches!.count).toBe(3 * 11 * 9);
  });

  it("compares labelled frames with their condition, and planes of a stack with their distance from focus", () => {
    expect(evaluation.labelled).toMatchObject({ inFocus: 1, outOfFocus: 1 });
    expect(evaluation.labelled!.areaUnderCurve).toBe(1);
    expect(evaluation.stacks).toMatchObject([{ stackId: "biop_R03C05F03_c1", planes: 3 }]);
    expect(Math.abs(evaluation.stacks[0]!.spearman)).toBeLessThanOrEqual(1);
  });

  it("lists every frame as it was judged, in the manifest's order, and reports its progress", () => {
    expect(evaluation.frames.map(({ file }) => file)).toEqual(rows.map(({ file }) => file));
    expect(evaluation.frames.map(({ label }) => label)).toEqual(
      rows.map(({ focusLabel }) => focusLabel?.split("_")[0]),
    );
    expect(evaluation.frames.map(({ field }) => field)).toEqual(rows.map(({ fieldId }) => fieldId));
    expect(progress.slice(0, 5)).toEqual([1, 2, 3, 4, 5].map((done) => [done, 5]));
  });

  it("measures labelled frames by the classical measures, and compares nothing where they are too few", async () => {
    for (const { file, label, metrics } of evaluation.frames) {
      expect(metrics).toEqual(
        label === undefined ? undefined : focusMetrics(await dataFrame(`evaluation/${file}`)),
      );
    }
    expect(evaluation.comparison).toBeUndefined();
  });

  it("compares the classical measures with the model over the labelled frames of several fields", async () => {
    const labelled = allRows
      .filter(({ file }) => LABELLED.includes(file))
      .map((row) => ({ ...row, kind: undefined }));
    const result = await evaluate({ scorer, rows: labelled, peakElectrons: 2000, seed: 1 });
    const { tuning, judged, measures } = result.comparison!;
    expect(tuning.inFocus + judged.inFocus).toBe(2);
    expect(tuning.outOfFocus + judged.outOfFocus).toBe(2);
    expect(measures.map(({ name }) => name)).toEqual(["expected level", ...Object.keys(FOCUS_METRICS)]);
    expect(evaluationMarkdown(result, "c", "m")).toContain("## The classical measures on the same frames");
  });

  it("gives the same numbers for the same seed, and survives JSON unchanged", async () => {
    expect(await run(1, 2000)).toEqual(evaluation);
    // toEqual takes a missing and an undefined key for the same, as JSON does.
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  it("becomes a Markdown page with its command, model hash and a section for each kind of evidence", () => {
    const page = evaluationMarkdown(evaluation, "parfocal evaluate manifest.csv", "a machine");
    expect(page).toContain("Made by `parfocal evaluate manifest.csv` on a machine.");
    expect(page).toContain(evaluation.model.sha256);
    expect(page).toContain("2000 photoelectrons in the brightest pixel");
    expect(page.match(/^#+ .*$/gm)).toEqual([
      `# Evaluation of the model \`${evaluation.model.name}\``,
      "## In-focus fields, defocused synthetically to each of the 11 levels",
      "## The same frames at other gains and offsets, and with little light",
      "## Confidence",
      "## Published frames labelled in or out of focus",
      "## By source, stain, light and optics",
      "## Real focal stacks",
    ]);
    const cells = (page.match(/^\|.*\|$/gm) ?? []).map((line) => line.split("|").length);
    // Accuracy, confusion, bias, exposures, confidence, labels, groups, stacks.
    const groups = 2 + evaluation.groups.length;
    expect(cells.length).toBe(3 + 13 + 3 + 13 + 4 + 3 + groups + 3);
    expect(page).toContain("| biop_R03C05F03_c1 | 3 |");
  });

  it("leaves out the sections that the images say nothing about", () => {
    const { model, frames, peakElectrons } = evaluation;
    const page = evaluationMarkdown(
      {
        model,
        frames,
        peakElectrons,
        synthetic: undefined,
        labelled: undefined,
        comparison: undefined,
        reliability: { frames: undefined, patches: undefined },
        gains: [],
        offsets: [],
        lights: [],
        groups: [],
        stacks: [],
        leftOut: [],
        firstPages: [],
      },
      "c",
      "m",
    );
    expect(page).not.toContain("##");
  });
});
