import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { besideOneAnother } from "../../src/evaluation/compare-models.js";
import { evaluate } from "../../src/evaluation/evaluate.js";
import { PatchGallery } from "../../src/evaluation/page/patch-gallery.js";
import { RegimeGallery } from "../../src/evaluation/page/regime-gallery.js";
import { type EvaluatedModel, reportPage } from "../../src/evaluation/page/report-page.js";
import { Scorer } from "../../src/focus/scorer.js";
import { readManifest } from "../../src/frames/manifest.js";
import { DATA } from "../helpers/images.js";
import { SHIPPED_MODEL } from "../helpers/models.js";

const FILES = [
  "dsb_360x360_4c032609d3.png",
  "dsb_360x360_c169a7782a.png",
  "dsb_520x696_5afb7932e9.png",
  "dsb_520x696_351771edfc.png",
  "stack_biop_R03C05F03_c1_z000.png",
  "stack_biop_R03C05F03_c1_z005.png",
  "stack_biop_R03C05F03_c1_z010.png",
];
const rows = (await readManifest(join(DATA, "evaluation/manifest.csv")))
  .filter(({ file }) => FILES.includes(file))
  // One field is enough to be defocused, and a name is not to be trusted.
  .map((row) => ({
    ...row,
    kind: row.file === FILES[0] ? "infocus" : undefined,
    stain: row.file === FILES[0] ? "<script>&" : row.stain,
  }));

async function evaluated(): Promise<Omit<EvaluatedModel, "label">> {
  const scorer = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
  const [patches, regimes] = [new PatchGallery(), new RegimeGallery()];
  const evaluation = await evaluate({
    ...{ scorer, rows, peakElectrons: Number.POSITIVE_INFINITY, seed: 1 },
    onFrame: (row, frame, report) => {
      patches.add(frame, report);
      regimes.add(row.file, frame, report);
    },
  });
  await scorer.dispose();
  return { evaluation, patches, regimes };
}

/** Width, height and bytes of each picture of a page. */
function picturesOf(page: string) {
  const tags = page.matchAll(
    /<img width="(\d+)" height="(\d+)" alt="[^"]*" src="data:image\/png;base64,([^"]+)">/g,
  );
  return [...tags].map(([, width, height, data]) => ({
    width,
    height,
    png: decode(Buffer.from(data!, "base64")),
  }));
}

describe("the report of an evaluation", () => {
  let models: EvaluatedModel[];
  let page: string;
  beforeAll(async () => {
    const model = await evaluated();
    models = besideOneAnother(
      [
        { ...model, label: "one" },
        { ...model, label: "other" },
      ],
      1,
    );
    page = reportPage(models, "parfocal evaluate <manifest>", "a machine");
  });

  it("is one file that needs nothing else, and believes no name", () => {
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|<link|<iframe|url\(/);
    expect(page.match(/(?:src|href)="(?!data:image\/png)/g)).toBeNull();
    expect(page).toContain("evaluate &#60;manifest&#62;");
    expect(page).toContain("&#60;script&#62;&#38;");
  });

  it("has each figure of the paper for each model", () => {
    for (const heading of [
      "Fig. 2",
      "Fig. 3",
      "Fig. 4",
      "Figs. 6 and 7",
      "Reliability",
      "By source",
      "Real focal",
    ]) {
      expect(page.split(new RegExp(`<h3>[^<]*${heading}`)).length, heading).toBe(3);
    }
    // Five gains, four offsets and two lights a model.
    expect(page.match(/<title>counts |<title>\d+ electrons/g)!.length).toBe(2 * 11);
  });

  it("shows pictures that are as large as they say, patches by level and certainty among them", () => {
    const pictures = picturesOf(page);
    for (const { width, height, png } of pictures)
      expect([`${png.width}`, `${png.height}`]).toEqual([width, height]);
    const montage = models[0]!.patches.byLevelAndCertainty();
    expect(montage).toMatchObject({ width: 10 * 92, height: 11 * 92 });
    expect(montage.rgb.some((value) => value < 255)).toBe(true);
    // Four regimes with three frames each, three montages.
    expect(pictures.length).toBe(2 * (4 * 3 + 3));
  });

  it("orders patches by certainty: no least certain one is surer than the surest", () => {
    const { patches } = models[0]!;
    expect(patches.extremes("least").rgb).not.toEqual(patches.extremes("most").rgb);
  });

  it("puts each model beside the other, pair by pair", () => {
    for (const [own, other] of [models, models.toReversed()] as [EvaluatedModel, EvaluatedModel][]) {
      const { rivals } = own.evaluation.comparison!;
      expect(rivals.map(({ name }) => name)).toEqual([other.label]);
      expect(rivals[0]!.fScoreDifference).toEqual({ value: 0, low: 0, high: 0, p: 1 });
    }
  });

  it("puts frames into the corners of certainty where they lie", () => {
    const { evaluation, regimes } = models[0]!;
    const [certain] = regimes.regimes();
    const depth = (file: string) => {
      const { meanCertainty, aggregateCertainty } = evaluation.frames.find((frame) => frame.file === file)!;
      return Math.min(meanCertainty, aggregateCertainty);
    };
    const deepest = evaluation.frames.map(({ file }) => file).sort((a, b) => depth(b) - depth(a));
    expect(certain!.examples.map(({ name }) => name)).toEqual(deepest.slice(0, 3));
  });
});
