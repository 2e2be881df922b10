import { describe, expect, test } from "vitest";
import type { FocusReport } from "../../src/focus/report.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import type { Judgement } from "../../src/refocus/site-search.js";
import { fieldSeen, frame, report, settings } from "./helpers.js";

/** Blank by what it looks like, though the model is certain of a level. */
const EMPTY = { condition: "blank", mayBeBlurred: true, aggregateCertainty: 0.05 } as const;

/** Images a site that shows `seen` at each z until its verdict is final. */
function image(
  policy: RefocusPolicy,
  seen: (zUm: number) => FocusReport,
  place: string | Partial<FrameMessage> = "A1",
  startUm = 0,
) {
  const visited: number[] = [];
  let zUm = startUm;
  const fields = typeof place === "string" ? { site: { name: place } } : place;
  for (let attempt = 0; attempt < 20; attempt++) {
    visited.push(zUm);
    const verdict: Judgement = policy.judge(frame({ attempt, zUm, ...fields }), seen(zUm));
    if (verdict.action?.kind === "move-z") zUm += verdict.action.byUm;
    if (verdict.decision !== "retry") return { zUm, visited, verdict };
  }
  throw new Error("the site did not end");
}

/** Structure that the model takes for nothing unless it is nearly in focus, as worms in transmitted light. */
const unknownKind = (focusUm: number) => (zUm: number) => {
  const seen = fieldSeen(zUm - focusUm);
  return seen.expectedLevel > 1 ? { ...seen, ...EMPTY } : seen;
};

describe("a site whose frame looks empty, but has a level", () => {
  test.each([7, -7, 14, -14])("%i um off is brought back", (focusUm) => {
    const { zUm, verdict } = image(new RefocusPolicy(settings), unknownKind(focusUm));

    expect(verdict).toMatchObject({ decision: "accept", outcomes: [{ recovered: "yes" }] });
    expect(Math.abs(zUm - focusUm)).toBeLessThan(2);
  });

  test("is in focus where its level falls to that of a sharp frame, though all of its frames look empty", () => {
    const { zUm, verdict } = image(new RefocusPolicy(settings), (zUm) => ({
      ...fieldSeen(zUm - 7),
      ...EMPTY,
    }));

    expect(verdict).toMatchObject({ decision: "accept", outcomes: [{ recovered: "yes" }] });
    expect(Math.abs(zUm - 7)).toBeLessThan(2);
  });

  test("is in focus where contrast is the highest, though its level there is not that of a sharp frame", () => {
    const faint = (zUm: number) => {
      const seen = report(1.3 + Math.max(0, Math.abs(zUm - 7) / 2 - 1), EMPTY);
      return { ...seen, contrast: 1000 + 600 * Math.exp(-(((zUm - 7) / 5) ** 2)) };
    };
    const { zUm, verdict } = image(new RefocusPolicy(settings), faint);

    expect(verdict).toMatchObject({ decision: "accept", outcomes: [{ recovered: "yes" }] });
    expect(Math.abs(zUm - 7)).toBeLessThan(2);
  });

  test("is empty where a few moves change neither its looks nor its level, and says nothing of the drive", () => {
    const policy = new RefocusPolicy(settings);
    for (const site of ["A1", "A2", "A3", "A4", "A5"]) {
      const { visited, zUm, verdict } = image(policy, () => report(2.7, EMPTY), site);

      expect(visited.length).toBeLessThanOrEqual(4);
      expect(visited.length).toBeGreaterThanOrEqual(3);
      expect(zUm).toBeCloseTo(0, 6);
      expect(verdict).toMatchObject({ decision: "abstain", keepAttempt: 0 });
      expect(verdict.outcomes).toMatchObject([{ recovered: "unknown", why: "blank" }]);
      expect(verdict.reason).toContain("neither here nor above or below");
    }
  });

  test("is empty, too, where only the first frame had a level", () => {
    const nothing = report(9, { condition: "blank" });
    const seen = (zUm: number) => (zUm === 0 ? report(2.7, EMPTY) : nothing);
    const { visited, verdict } = image(new RefocusPolicy(settings), seen);

    expect(visited.length).toBeLessThanOrEqual(4);
    expect(verdict.outcomes).toMatchObject([{ recovered: "unknown", why: "blank" }]);
  });

  test("ends at once where its level is that of a frame in focus, or nothing may be moved", () => {
    const still = { ...settings, dryRun: true };
    for (const [policy, level] of [
      [new RefocusPolicy({ ...settings, confidence: 0.5 }), 0.3],
      [new RefocusPolicy(still), 2.7],
    ] as const) {
      const verdict = policy.judge(frame(), report(level, { ...EMPTY, aggregateCertainty: 0.3 }));
      expect(verdict).toMatchObject({ decision: "abstain", outcomes: [{ why: "blank" }] });
      expect(verdict.action).toBeUndefined();
    }
  });

  test("is not searched where frames are judged by an absolute limit", () => {
    const policy = new RefocusPolicy({ ...settings, sharp: "absolute" });
    expect(policy.judge(frame(), report(2.7, EMPTY))).toMatchObject({ decision: "abstain" });
  });
});

/** A policy that found focus at the same plane in four wells. */
function afterSitesAt(focusUm: number): RefocusPolicy {
  const policy = new RefocusPolicy(settings);
  for (const [i, xUm] of [0, 100, 200, 300].entries()) {
    const site = { name: `A${i}`, well: `A${i}` };
    let zUm = 0;
    for (let attempt = 0; attempt < 20; attempt++) {
      const verdict = policy.judge(frame({ attempt, zUm, site, xUm, yUm: 0 }), fieldSeen(zUm - focusUm));
      if (verdict.action?.kind === "move-z") zUm += verdict.action.byUm;
      if (verdict.decision !== "retry") break;
    }
  }
  return policy;
}

describe("a site that shows nothing", () => {
  const site = { name: "A9", well: "A9" };
  const judge = (policy: RefocusPolicy, attempt: number, zUm: number, contrast = 1000) => {
    const seen = { ...report(6, { condition: "blank" }), contrast };
    const verdict = policy.judge(frame({ attempt, zUm, site, xUm: 150, yUm: 0 }), seen);
    return { verdict, byUm: verdict.action?.kind === "move-z" ? verdict.action.byUm : 0 };
  };

  test.each([
    [1300, 12],
    [1000, 0],
  ])(
    "is left where the sites around it are in focus if contrast there is %i, not 1000: %i um",
    (contrast, keptUm) => {
      const policy = afterSitesAt(12);
      const { byUm } = judge(policy, 0, 0);
      expect(Math.abs(byUm - 12)).toBeLessThan(2);
      const { verdict, byUm: backUm } = judge(policy, 1, byUm, contrast);

      expect(verdict).toMatchObject({ decision: "abstain", keepAttempt: keptUm === 0 ? 0 : 1 });
      expect(Math.abs(byUm + backUm - keptUm)).toBeLessThan(2);
    },
  );

  test.each([
    [5, "retry"],
    [1, "abstain"],
  ])("%i um from where the sites around it are in focus ends with %s", (offUm, decision) => {
    expect(judge(afterSitesAt(12), 0, 12 - offUm).verdict.decision).toBe(decision);
  });
});

const NOTHING = report(6, { condition: "blank" });
/** Structure of which nothing is left 8 levels from focus. */
const fades = (focusUm: number) => (zUm: number) =>
  Math.abs(zUm - focusUm) > 16 ? NOTHING : fieldSeen(zUm - focusUm);
const wellAt = (index: number) => ({
  site: { name: `B${index}`, well: `B${index}` },
  xUm: 9000 * index,
  yUm: 0,
});

describe("a run of which nothing was in focus yet", () => {
  test.each([26, -26])("finds the plate where its first site shows nothing and lies %i um off", (focusUm) => {
    const policy = new RefocusPolicy(settings);
    const first = image(policy, fades(focusUm), wellAt(0));
    const second = image(policy, fades(focusUm + 1), wellAt(1));

    for (const { verdict } of [first, second]) expect(verdict.decision).toBe("accept");
    expect(Math.abs(first.zUm - focusUm)).toBeLessThan(2);
    expect(Math.abs(second.zUm - focusUm - 1)).toBeLessThan(2);
    // The second is looked for where the first was.
    expect(Math.abs(second.visited[1]! - focusUm)).toBeLessThan(2);
  });

  test("of empty wells looks above and below at the first, second, fourth, eighth, and goes back", () => {
    const policy = new RefocusPolicy(settings);
    const runs = Array.from({ length: 9 }, (_, i) => image(policy, () => NOTHING, wellAt(i)));

    expect(runs.map(({ visited }) => visited.length)).toEqual([3, 3, 1, 3, 1, 1, 1, 3, 1]);
    for (const { zUm, verdict } of runs) {
      expect(zUm).toBeCloseTo(0, 6);
      expect(verdict.outcomes).toMatchObject([{ recovered: "unknown", why: "blank" }]);
    }
  });

  test("looks on the other side alone where the limits leave no room on one", () => {
    const policy = new RefocusPolicy({ ...settings, zLimitsUm: [-40, 1] });
    expect(image(policy, () => NOTHING, wellAt(0)).visited).toEqual([0, -18]);
  });

  test("looks nowhere else once a site was in focus as planned", () => {
    const policy = new RefocusPolicy(settings);
    expect(image(policy, fades(0.5), wellAt(0)).verdict.decision).toBe("accept");
    expect(image(policy, () => NOTHING, wellAt(1)).visited).toHaveLength(1);
  });
});

describe("structure so far from focus that hardly anything is left", () => {
  /** Beyond 11 levels it reads 1 to 3, but is not sure of it. */
  const misread = (focusUm: number) => (zUm: number) =>
    Math.abs(zUm - focusUm) > 22
      ? report(2 + Math.sin(7 * zUm), { aggregateCertainty: 0.1, contrast: 80 })
      : fieldSeen(zUm - focusUm);

  test.each([27, -27, 34, -34, 40])("is not taken for sharp, %i um off", (focusUm) => {
    const { zUm, verdict } = image(new RefocusPolicy({ ...settings, retries: 10 }), misread(focusUm));

    if (verdict.decision === "accept") expect(Math.abs(zUm - focusUm)).toBeLessThan(2);
    else expect(verdict.decision).toBe("flag");
  });

  test.each([27, 34])("is brought back from %i um", (focusUm) => {
    const { zUm, verdict } = image(new RefocusPolicy({ ...settings, retries: 10 }), misread(focusUm));

    expect(verdict).toMatchObject({ decision: "accept", outcomes: [{ recovered: "yes" }] });
    expect(Math.abs(zUm - focusUm)).toBeLessThan(2);
  });

  test.each([8, -12])(
    "is told by its contrast from a field that is unsure in focus, %i um off",
    (focusUm) => {
      const unsureNear = (zUm: number) => {
        const seen = fieldSeen(zUm - focusUm);
        return Math.abs(zUm - focusUm) < 5 ? { ...seen, aggregateCertainty: 0.12 } : seen;
      };
      const { zUm, verdict } = image(new RefocusPolicy(settings), unsureNear);

      expect(verdict).toMatchObject({ decision: "accept", outcomes: [{ recovered: "yes" }] });
      expect(Math.abs(zUm - focusUm)).toBeLessThan(2);
    },
  );

  test("leaves the site where it was if no frame is sure of its level", () => {
    const { zUm, verdict } = image(new RefocusPolicy(settings), misread(500));

    expect(verdict).toMatchObject({ decision: "flag", keepAttempt: 0 });
    expect(zUm).toBeCloseTo(0, 6);
  });
});

describe("a site whose first frame reads far from sharp", () => {
  test("is not accepted at once, though one before it seemed to read so in focus", () => {
    const policy = new RefocusPolicy({ ...settings, confidence: 0.3 });
    const blurredInFocus = (zUm: number) => report(3.2 + Math.abs(zUm - 4) / 4);
    const site = { name: "A1", well: "A1" };
    expect(image(policy, blurredInFocus).verdict.decision).toBe("accept");

    expect(policy.judge(frame({ site: { ...site, name: "A1-2" } }), report(3.2)).decision).toBe("retry");
  });

  test.each([
    [0.6, false],
    [0.1, true],
  ])(
    "or is not even sure of one over the limit takes another one: certainty %f, %s",
    (certainty, another) => {
      const policy = new RefocusPolicy({ ...settings, confidence: 0.01 });
      const { decision } = policy.judge(frame(), report(1.4, { aggregateCertainty: certainty }));
      expect(decision === "retry").toBe(another);
    },
  );
});
