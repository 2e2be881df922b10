import { join } from "node:path";
import { expect, it } from "vitest";
import { judgeMarked } from "../../src/evaluation/marked-frames.js";
import { Scorer } from "../../src/focus/scorer.js";
import { readManifest } from "../../src/frames/manifest.js";
import { DATA } from "../helpers/images.js";

it("judges the frames that somebody has marked, and leaves out those that are gone", async () => {
  const scorer = await Scorer.load({ device: "cpu" });
  const rows = await readManifest(join(DATA, "evaluation", "manifest.csv"));
  const gone = { ...rows[0]!, path: join(DATA, "gone.png"), focusLabel: "out" };
  const judged = await judgeMarked(scorer, [gone, ...rows]);
  expect(judged).toMatchObject({ inFocus: 16, outOfFocus: 7, inFocusAccepted: 1 });
  expect(judged!.outOfFocusRefused).toBeCloseTo(6 / 7, 6);
  expect(
    await judgeMarked(
      scorer,
      rows.filter(({ focusLabel }) => focusLabel === undefined),
    ),
  ).toBeUndefined();
  await scorer.dispose();
});
