import { describe, expect, it } from "vitest";
import { certaintyOf } from "../../src/focus/certainty.js";
import { conditionOf, countRange, isUnfamiliar } from "../../src/focus/condition.js";
import { certaintyShare, contentOf } from "../../src/focus/content.js";
import type { PatchScores } from "../../src/focus/engines/engine.js";
import { LEVELS } from "../../src/focus/levels.js";
import { CONTENT_CONDITIONS, DEFAULT_CONDITIONS } from "../../src/focus/model-card.js";

interface Patch {
  /** Probability of level 5; the others share the rest. */
  readonly share: number;
  readonly structure: number;
  readonly strangeness: number;
}

const thresholds = { ...DEFAULT_CONDITIONS, ...CONTENT_CONDITIONS };
const pixels = Uint16Array.from({ length: 168 * 168 }, (_, i) => 100 + (i % 7));
const frame = { width: 168, height: 168, pixels };

function scoresOf(patches: readonly Patch[]): PatchScores {
  const rows = patches.map(({ share }) =>
    Float32Array.from({ length: LEVELS }, (_, k) => (k === 5 ? share : (1 - share) / (LEVELS - 1))),
  );
  return {
    probabilities: Float32Array.from(rows.flatMap((row) => [...row])),
    certainties: Float32Array.from(rows, certaintyOf),
    structures: Float32Array.from(patches, ({ structure }) => structure),
    strangenesses: Float32Array.from(patches, ({ strangeness }) => strangeness),
    distribution: rows[0]!,
    ...{ aggregateCertainty: 0.5, meanCertainty: 0.5, maxCertainty: 0.5 },
  };
}

const cell: Patch = { share: 0.9, structure: 4, strangeness: 0.9 };
const rim: Patch = { share: 0.9, structure: -4, strangeness: 1.2 };
const background: Patch = { share: 0.1, structure: -6, strangeness: 3 };
const text: Patch = { share: 0.9, structure: 3, strangeness: 2.5 };
const odd: Patch = { share: 0.9, structure: -0.3, strangeness: 2 };
const repeated = (patch: Patch, count: number) => new Array<Patch>(count).fill(patch);
const conditionFor = (scores: PatchScores) =>
  conditionOf(frame, countRange(frame), scores, { level: 5, sd: 0.1 }, contentOf(scores), thresholds);

describe("the content of a frame", () => {
  it.each([
    [
      "judged where cells are on an empty background",
      [...repeated(cell, 3), ...repeated(background, 20)],
      "defocused",
    ],
    [
      "blank where the network is sure of a level, but of nothing that has structure",
      repeated(rim, 12),
      "blank",
    ],
    [
      "judged where it is like nothing that the network has met, and may be empty",
      repeated(odd, 8),
      "defocused",
    ],
    [
      "blank where it is like nothing that was met, and surely empty",
      repeated({ ...odd, structure: -3 }, 8),
      "blank",
    ],
    [
      "judged where debris without structure lies among cells",
      [...repeated(cell, 4), ...repeated(rim, 2)],
      "defocused",
    ],
  ])("is %s", (_, patches, condition) => {
    expect(conditionFor(scoresOf(patches))).toMatchObject({ condition });
  });

  it("is told by the patches of whose level the network is surest, however many others there are", () => {
    const few = contentOf(scoresOf(repeated(cell, 6))).structure;
    const many = contentOf(scoresOf([...repeated(background, 500), ...repeated(cell, 6)])).structure;

    expect(few).toBeCloseTo(4, 5);
    expect(many).toBeCloseTo(4, 5);
  });

  it.each([
    ["all of it where there is structure", 0.25, 1],
    ["as much as structure is probable where there is hardly any", 0, 0.5],
    ["next to none where there is surely none", -5, 0.0067],
    ["all of it where the model does not tell", undefined, 1],
  ])("leaves the network's certainty: %s", (_, structure, share) => {
    expect(certaintyShare(structure === undefined ? {} : { structure }, 0.25)).toBeCloseTo(share, 4);
  });

  it("is like nothing, be it the training, where no patch shows anything", () => {
    expect(contentOf(scoresOf(repeated(background, 4))).strangeness).toBeUndefined();
  });

  it("is not told at all by a model that cannot, and then nothing is blank or unfamiliar by it", () => {
    const { structures: _, strangenesses: __, ...scores } = scoresOf(repeated(rim, 12));

    expect(contentOf(scores)).toEqual({});
    expect(conditionFor(scores).condition).toBe("defocused");
    expect(isUnfamiliar("defocused", contentOf(scores), thresholds)).toBe(false);
  });
});

describe("an unfamiliar frame", () => {
  it.each([
    ["one whose patches are unlike those of the training", repeated(text, 8), true],
    ["not one of cells", repeated(cell, 8), false],
    ["not one of cells with a stray patch", [...repeated(cell, 5), ...repeated(text, 2)], false],
    [
      "not one of cells on a background that shows nothing",
      [...repeated(cell, 2), ...repeated(background, 30)],
      false,
    ],
  ])("is %s", (_, patches, unfamiliar) => {
    expect(isUnfamiliar("in-focus", contentOf(scoresOf(patches)), thresholds)).toBe(unfamiliar);
  });

  it.each(["blank", "unusable"] as const)("is not said of a frame that is %s", (condition) => {
    expect(isUnfamiliar(condition, { strangeness: 2.5 }, thresholds)).toBe(false);
  });
});
