import { describe, expect, it } from "vitest";
import { certaintyOf, frameDistribution } from "../../src/focus/certainty.js";
import { conditionOf, countRange, leavesDoubt } from "../../src/focus/condition.js";
import type { FrameContent } from "../../src/focus/content.js";
import type { PatchScores } from "../../src/focus/engines/engine.js";
import { frameLevel } from "../../src/focus/frame-level.js";
import { LEVELS } from "../../src/focus/levels.js";
import type { ConditionThresholds } from "../../src/focus/model-card.js";
import type { Frame } from "../../src/frames/frame.js";

/** The rules are tested at thresholds of their own, whatever a model ships with. */
const THRESHOLDS: ConditionThresholds = {
  certainPatch: 0.4,
  certainShare: 0.02,
  threeCertain: 0.43,
  surePatch: 0.55,
  inFocusLevel: 1.5,
  blurredLevel: 3.5,
  mixedShare: 0.2,
  saturatedShare: 0.05,
};

/** A patch that is sure of its level. */
const sure = (level: number) => Array.from({ length: LEVELS }, (_, k) => (k === level ? 0.99 : 0.001));
/** A patch that has nothing to go by. */
const unsure = new Array<number>(LEVELS).fill(1 / LEVELS);

function scoresOf(patches: readonly (readonly number[])[]): PatchScores {
  const probabilities = Float32Array.from(patches.flat());
  const certainties = Float32Array.from(patches, certaintyOf);
  const distribution = frameDistribution(probabilities, certainties);
  return {
    probabilities,
    certainties,
    distribution,
    aggregateCertainty: certaintyOf(distribution),
    meanCertainty: certainties.reduce((a, b) => a + b) / patches.length,
    maxCertainty: Math.max(...certainties),
  };
}

/** 1,000 pixels of 100 and 200, of which the first ones are replaced. */
function frameOf(first: readonly number[] = [], bitDepth?: number): Frame {
  const pixels = Uint16Array.from({ length: 1000 }, (_, i) => first[i] ?? (i % 2 === 0 ? 100 : 200));
  return { width: 100, height: 10, pixels, ...(bitDepth === undefined ? {} : { bitDepth }) };
}

const conditionFor = (frame: Frame, patches: readonly (readonly number[])[]) =>
  judge(frame, scoresOf(patches));

function judge(frame: Frame, scores: PatchScores, content: FrameContent = {}) {
  const judged = frameLevel(scores.probabilities, scores.certainties);
  return conditionOf(frame, countRange(frame), scores, judged, content, THRESHOLDS);
}

/** Patches whose certainty is 0.41, 0.53 and 0.60. */
const [grainy, certain, surer] = [0.66, 0.75, 0.8].map((most) =>
  Array.from({ length: LEVELS }, (_, k) => (k === 5 ? most : (1 - most) / (LEVELS - 1))),
) as [number[], number[], number[]];

const many = (count: number, patch: readonly number[]) => new Array<readonly number[]>(count).fill(patch);
const sharp = many(10, sure(0));

describe("conditionOf", () => {
  it.each([
    [
      "blank where a patch or two are as certain as grain makes them",
      [...many(2, grainy), ...many(10, unsure)],
      "blank",
    ],
    ["blank where three are", [...many(3, grainy), ...many(9, unsure)], "blank"],
    ["judged where three patches are certain", [...many(3, certain), ...many(9, unsure)], "defocused"],
    [
      "judged where a single patch is sure, as with one cell in the field",
      [surer, ...many(11, unsure)],
      "defocused",
    ],
    ["blank where a single one of very many is", [surer, ...many(119, unsure)], "blank"],
    ["judged by the one patch that it has", [grainy], "defocused"],
  ])("is %s", (_, patches, condition) => {
    expect(conditionFor(frameOf(), patches)).toEqual({ condition });
  });

  it("is judged by a patch or two where it clearly shows structure, and by none where nothing is certain", () => {
    const scores = scoresOf([...many(2, grainy), ...many(10, unsure)]);
    expect(judge(frameOf(), scores, { structure: 4 }).condition).toBe("blank");
    expect(judge(frameOf(), scores, { structure: 6 }).condition).toBe("defocused");
    expect(judge(frameOf(), scoresOf(many(12, unsure)), { structure: 6 }).condition).toBe("blank");
  });

  it("may be blurred where some patch is certain, or it looks like something, but not both", () => {
    const judged = { level: 0, sd: 0.1 };
    const thresholds = { ...THRESHOLDS, leastStructure: 0.25 };
    const tellOf = (patches: readonly (readonly number[])[], structure: number) =>
      conditionOf(frameOf(), countRange(frameOf()), scoresOf(patches), judged, { structure }, thresholds);
    const few = [grainy, ...many(40, unsure)];
    expect(tellOf(sharp, -3)).toEqual({ condition: "blank", mayBeBlurred: true });
    expect(tellOf(few, 3)).toEqual({ condition: "blank", mayBeBlurred: true });
    expect(tellOf(few, -3)).toEqual({ condition: "blank" });
    expect(tellOf(many(12, unsure), 3)).toEqual({ condition: "blank" });
  });

  it("is in focus where its level may be that of a sharp frame, as of a few patches, and never far above", () => {
    const conditionAt = (level: number, sd: number) =>
      conditionOf(frameOf(), countRange(frameOf()), scoresOf(sharp), { level, sd }, {}, THRESHOLDS).condition;
    expect(conditionAt(1.65, 0.05)).toBe("defocused");
    expect(conditionAt(1.8, 0.2)).toBe("in-focus");
    expect(conditionAt(2.3, 5)).toBe("defocused");
  });

  it("is unusable when a count does not fit the declared bit depth, and says which", () => {
    expect(conditionFor(frameOf([5000], 12), sharp)).toEqual({
      condition: "unusable",
      conditionReason: "counts up to 5000 do not fit the 12 bits that were declared",
    });
    expect(conditionFor(frameOf([4095], 12), sharp).condition).toBe("in-focus");
  });

  it.each([
    [12, 4095],
    [undefined, 4095],
    [undefined, 65_535],
    [undefined, 255],
  ])(
    "is unusable when over 5 %% of the pixels are at the top of the range (declared bits %s, count %i)",
    (bits, top) => {
      expect(conditionFor(frameOf(new Array<number>(51).fill(top), bits), sharp)).toEqual({
        condition: "unusable",
        conditionReason: `5.1 % of the pixels are saturated at ${top}`,
      });
      expect(conditionFor(frameOf(new Array<number>(50).fill(top), bits), sharp).condition).toBe("in-focus");
    },
  );

  it("does not take many pixels at a count that no camera ends at for saturation", () => {
    expect(conditionFor(frameOf(new Array<number>(300).fill(3000)), sharp).condition).toBe("in-focus");
    expect(conditionFor(frameOf(new Array<number>(300).fill(4095), 16), sharp).condition).toBe("in-focus");
  });

  it.each([255, 65_535])("is unusable when all pixels are at %i, where cameras end", (count) => {
    const flat: Frame = { width: 100, height: 10, pixels: new Uint16Array(1000).fill(count) };
    expect(conditionFor(flat, sharp)).toEqual({
      condition: "unusable",
      conditionReason: `100.0 % of the pixels are saturated at ${count}`,
    });
  });

  it.each([0, 17, 3000])("is blank when all pixels are %i, however certain the network is", (count) => {
    const flat: Frame = { width: 100, height: 10, pixels: new Uint16Array(1000).fill(count) };
    expect(conditionFor(flat, sharp)).toEqual({ condition: "blank" });
  });

  it("is blank when no patch is certain, or fewer than the share that is asked for", () => {
    expect(conditionFor(frameOf(), many(10, unsure)).condition).toBe("blank");
    expect(conditionFor(frameOf(), [sure(0), ...many(99, unsure)]).condition).toBe("blank");
    expect(conditionFor(frameOf(), [sure(0), sure(0), ...many(98, unsure)]).condition).toBe("in-focus");
    expect(conditionFor(frameOf(), [sure(0), ...many(9, unsure)]).condition).toBe("in-focus");
  });

  it("is mixed when a fifth of the certain patches is in focus and a fifth surely blurred", () => {
    expect(conditionFor(frameOf(), [...many(8, sure(0)), ...many(2, sure(8))]).condition).toBe("mixed");
    expect(conditionFor(frameOf(), [...many(2, sure(0)), ...many(8, sure(8))]).condition).toBe("mixed");
    expect(conditionFor(frameOf(), [...many(9, sure(0)), sure(8)]).condition).not.toBe("mixed");
  });

  it("does not count uncertain or slightly blurred patches towards mixed", () => {
    expect(conditionFor(frameOf(), [...many(4, sure(0)), ...many(20, unsure)]).condition).not.toBe("mixed");
    expect(conditionFor(frameOf(), [...many(5, sure(1)), ...many(5, sure(2))]).condition).not.toBe("mixed");
  });

  it.each([
    [0, "in-focus"],
    [1, "in-focus"],
    [2, "defocused"],
    [10, "defocused"],
  ])("with every patch sure of level %i is %s", (level, condition) => {
    expect(conditionFor(frameOf(), many(10, sure(level)))).toEqual({ condition });
  });

  it("goes by the order of the rules: unusable before blank, blank before mixed", () => {
    const saturatedAndUnsure = frameOf(new Array<number>(500).fill(4095), 12);
    expect(conditionFor(saturatedAndUnsure, many(10, unsure)).condition).toBe("unusable");
    const flat: Frame = { width: 100, height: 10, pixels: new Uint16Array(1000).fill(9) };
    expect(conditionFor(flat, [...many(5, sure(0)), ...many(5, sure(8))]).condition).toBe("blank");
  });
});

/** A patch that reads 1.55. */
const halfway = Array.from({ length: LEVELS }, (_, k) => (k === 1 ? 0.45 : k === 2 ? 0.55 : 0));

describe("leavesDoubt", () => {
  it.each<[string, readonly (readonly number[])[], boolean, FrameContent?]>([
    ["not where all patches agree", many(16, sure(4)), false],
    ["where the level is about that which is just in focus", many(16, halfway), true],
    ["where the frame shows nothing", many(16, unsure), true],
    ["where it is mixed", [...many(8, sure(0)), ...many(8, sure(8))], true],
    ["where one patch is sharp and the others are blurred", [...many(15, sure(8)), sure(0)], true],
    ["where few patches say much", [sure(4), sure(4), ...many(14, unsure)], true],
    ["where patches spread over levels", Array.from({ length: 16 }, (_, i) => sure(4 + (i % 4))), true],
    ["where it is unlike the training", many(16, sure(4)), true, { strangeness: 3 }],
  ])("%s", (_, patches, expected, content = {}) => {
    const [frame, scores] = [frameOf(), scoresOf(patches)];
    const judged = frameLevel(scores.probabilities, scores.certainties);
    const thresholds = { ...THRESHOLDS, mostStrangeness: 1.55 };
    const told = conditionOf(frame, countRange(frame), scores, judged, content, thresholds);
    expect(leavesDoubt(told, scores, judged, content, thresholds)).toBe(expected);
  });
});

describe("countRange", () => {
  it("finds the lowest and highest count, and the share of pixels at the top", () => {
    expect(countRange(frameOf([7, 4095, 4095], 12))).toMatchObject({
      lowest: 7,
      highest: 4095,
      saturatedFraction: 0.002,
    });
    expect(countRange(frameOf([7, 3000]))).toMatchObject({ lowest: 7, highest: 3000, saturatedFraction: 0 });
  });

  it("gives the mean count", () => {
    const frame = frameOf([7, 3000]);

    expect(countRange(frame).mean).toBeCloseTo(
      Array.from(frame.pixels).reduce((a, b) => a + b, 0) / frame.pixels.length,
      9,
    );
    const bytes = { width: 4, height: 1, pixels: Uint8Array.of(255, 0, 255, 9) };
    expect(countRange(bytes)).toMatchObject({ lowest: 0, highest: 255, saturatedFraction: 0.5 });
    // The camera's bits, declared for an image that was made 8 bit.
    expect(countRange({ ...bytes, bitDepth: 12 })).toMatchObject({ highest: 255, saturatedFraction: 0.5 });
  });
});
