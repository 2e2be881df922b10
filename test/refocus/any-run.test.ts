import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Condition, FocusReport } from "../../src/focus/report.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import { times } from "../helpers/campaign.js";
import { fieldSeen, frame, report, settings } from "./helpers.js";

const conditions: readonly Condition[] = ["in-focus", "defocused", "blank", "mixed", "unusable"];

/** What one frame may show, usual or not. */
const reports = fc.record({
  level: fc.double({ min: 0, max: 10, noNaN: true }),
  levelSd: fc.constantFrom(0, 0.1, 3),
  contrast: fc.constantFrom(0, 1e-9, 400, 1e9),
  fineness: fc.constantFrom(undefined, -30, -1.5, -1.2, 4),
  brightness: fc.constantFrom(0, 100, 101, 60_000),
  condition: fc.constantFrom(...conditions),
  mayBeBlurred: fc.boolean(),
});

/** A site as one frame or as a stack, with or without z, and with any optics. */
const sites = fc.record({
  focusUm: fc.integer({ min: -15, max: 15 }),
  /** Frames that show something else than the field, by their number. */
  odd: fc.array(fc.option(reports, { freq: 2, nil: undefined }), { maxLength: 8 }),
  slices: fc.constantFrom(1, 1, 5, 11),
  stepUm: fc.constantFrom(0, 1, 1, 4),
  zUm: fc.constantFrom(undefined, 0, 0, 0, 20_000),
  channel: fc.constantFrom(undefined, undefined, "DAPI"),
  well: fc.constantFrom(undefined, "A01"),
  pixelUm: fc.constantFrom(undefined, undefined, undefined, 0.01, 20),
  mode: fc.constantFrom("gate" as const, "gate" as const, "observe" as const),
});

type AnySite = typeof sites extends fc.Arbitrary<infer T> ? T : never;
type AnyReport = typeof reports extends fc.Arbitrary<infer T> ? T : never;

function reportOf({ level, fineness, ...rest }: AnyReport): FocusReport {
  return report(level, { ...rest, sharpestLevel: level, ...(fineness !== undefined && { fineness }) });
}

/** Images a site as a controller does, until its verdict is not to try again. @returns everything the agent said. */
function image(policy: RefocusPolicy, site: AnySite, index: number): unknown[] {
  const said: unknown[] = [];
  let zUm = site.zUm;
  for (let attempt = 0; attempt < 8; attempt++) {
    let decision = "accept";
    for (let zIndex = 0; zIndex < site.slices; zIndex++) {
      const isLast = zIndex === site.slices - 1;
      const odd = site.odd[attempt + zIndex];
      const seenUm = (zUm ?? 0) + (zIndex - (site.slices - 1) / 2) * site.stepUm;
      const { zUm: _, ...common } = frame({ id: `${index}#${attempt}/${zIndex}`, attempt });
      const judgement = policy.judge(
        {
          ...common,
          site: { name: `site ${index}`, ...(site.well !== undefined && { well: site.well }) },
          mode: isLast ? site.mode : "observe",
          ...(zUm !== undefined && { zUm: seenUm }),
          ...(site.slices > 1 && {
            zIndex,
            stack: { size: site.slices, ...(isLast && site.mode === "observe" && { last: true }) },
          }),
          ...(site.channel !== undefined && { channel: site.channel }),
          ...(site.pixelUm !== undefined && { pixelUm: site.pixelUm }),
          next: { site: { name: `site ${index + 1}` }, xUm: 100 * index, yUm: 0, zUm: 0 },
        },
        odd === undefined ? fieldSeen(seenUm - site.focusUm) : reportOf(odd),
        index,
      );
      said.push(judgement);
      decision = judgement.decision;
      if (zUm !== undefined && judgement.action?.kind === "move-z") zUm += judgement.action.byUm;
    }
    if (decision !== "retry") break;
  }
  return said;
}

/** Numbers in what was said that are none. */
function notNumbers(said: unknown): unknown[] {
  if (typeof said === "number") return Number.isFinite(said) ? [] : [said];
  if (typeof said === "string") return /NaN|Infinity|undefined/.test(said) ? [said] : [];
  return typeof said === "object" && said !== null ? Object.values(said).flatMap(notNumbers) : [];
}

describe("whatever the frames of a run show", () => {
  test("every verdict, move and suggestion is a number, and a blurred site is still sought", () => {
    fc.assert(
      fc.property(fc.array(sites, { minLength: 1, maxLength: 8 }), (run) => {
        const policy = new RefocusPolicy(settings);
        for (const [index, site] of run.entries()) {
          expect(notNumbers(image(policy, site, index))).toEqual([]);
        }
        // A belief that broke says "0 %" for ever.
        const blurred = policy.judge(frame({ site: { name: "after all" }, zUm: 16 }), fieldSeen(16));
        expect(blurred).toMatchObject({ decision: "retry", action: { kind: "move-z" } });
      }),
      { numRuns: times(60, 2000) },
    );
  });
});
