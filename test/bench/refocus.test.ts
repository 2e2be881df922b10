import { describe, expect, test } from "vitest";
import { type BlurRow, runScript } from "../../bench/refocus/run-script.js";
import { preparePython } from "../../scripts/test-python.js";
import { times } from "../helpers/campaign.js";

/** For each method at each blur rate; the benchmark has 48. */
const SITES = times(24, 48);
const python = preparePython();
const isMissing = python.missing !== undefined && process.env.CI !== "true";

/** The runs of `npm run bench:refocus` that Parfocal gates: real MMCore, real controllers, the built agent. */
async function gatedRuns(): Promise<BlurRow[]> {
  if (python.missing !== undefined) throw new Error(python.missing);
  const rows: BlurRow[] = [];
  for await (const row of runScript<BlurRow>(python.python, "refocus.py", [
    "--only",
    "parfocal",
    "--sites",
    String(SITES),
  ]))
    rows.push(row);
  return rows;
}

describe.skipIf(isMissing)(
  `${SITES} sites with z errors of -10 to 10 um on a real MMCore, at two blur rates`,
  () => {
    test("are refocused through pymmcore-plus and pycro-manager: all but one of the displaced, none blurrier, none unscored", async () => {
      const rows = await gatedRuns();

      expect(rows.map(({ method, blurRate }) => `${method} ${blurRate}`)).toEqual([
        "parfocal, pymmcore-plus 0.5",
        "parfocal, pycro-manager 0.5",
        "parfocal, pymmcore-plus 1",
        "parfocal, pycro-manager 1",
      ]);
      for (const row of rows) {
        expect(row, JSON.stringify(row)).toMatchObject({
          sites: SITES,
          endedBlurrier: 0,
          hung: 0,
          unscored: 0,
        });
        expect(row.displaced).toBeGreaterThanOrEqual(SITES / 1.6);
        expect(row.displaced - row.recovered).toBeLessThanOrEqual(1);
        expect(row.medianExtraExposures).toBeLessThanOrEqual(3);
      }
    }, 400_000);
  },
);
