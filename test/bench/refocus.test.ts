import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { preparePython } from "../../scripts/test-python.js";

interface Row {
  readonly method: string;
  readonly blurRate: number;
  readonly sites: number;
  readonly displaced: number;
  readonly recovered: number;
  readonly endedBlurrier: number;
  readonly medianExtraExposures: number;
  readonly hung: number;
  readonly unscored: number;
}

const python = preparePython();
const isMissing = python.missing !== undefined && process.env.CI !== "true";

/** The runs of `npm run bench:refocus` that Parfocal gates: real MMCore, real controllers, the built agent. */
async function gatedRuns(): Promise<Row[]> {
  if (python.missing !== undefined) throw new Error(python.missing);
  const child = spawn(join(process.cwd(), python.python), ["refocus.py", "--only", "parfocal"], {
    cwd: "bench/refocus",
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (data: Buffer) => {
    text += data.toString();
  });
  await once(child, "close");
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Row);
}

describe.skipIf(isMissing)(
  "48 sites with z errors of -10 to 10 um on a real MMCore, at two blur rates",
  () => {
    test("are refocused through pymmcore-plus and pycro-manager: 95 % of the displaced, none blurrier, none unscored", async () => {
      const rows = await gatedRuns();

      expect(rows.map(({ method, blurRate }) => `${method} ${blurRate}`)).toEqual([
        "parfocal, pymmcore-plus 0.5",
        "parfocal, pycro-manager 0.5",
        "parfocal, pymmcore-plus 1",
        "parfocal, pycro-manager 1",
      ]);
      for (const row of rows) {
        expect(row, JSON.stringify(row)).toMatchObject({ sites: 48, endedBlurrier: 0, hung: 0, unscored: 0 });
        expect(row.displaced).toBeGreaterThanOrEqual(30);
        expect(row.recovered / row.displaced).toBeGreaterThanOrEqual(0.95);
        expect(row.medianExtraExposures).toBeLessThanOrEqual(3);
      }
    }, 400_000);
  },
);
