/**
 * Refocus benchmark: `npm run bench:refocus -- [--json FILE] [--sources FOLDER...] [--seeds 101,102] [--only sources|beads]
 * [--plot FILE.svg] [--quick]` (without the classical searches over the sources, which take most of the time).
 *
 * Beads: real MMCore, real controllers, the built agent, beside the searches that controllers have of their own
 * (bench/refocus/ holds the Python side). Sources: the simulated microscope over each kind of image of data/plate, or over
 * each folder in those given. Distances are the harness's real z; times compare within one run only. Seeds 1 to 8 and 101 to 108 were
 * used while the search was made; the default ones were not.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { preparePython } from "../scripts/test-python.js";
import { describeMachine } from "../src/machine.js";
import { exposuresPlot } from "./refocus/exposures-plot.js";
import { type BlurRow, type MethodRow, runScript } from "./refocus/run-script.js";
import { OTHER_SETTINGS } from "./refocus/settings.js";
import { refocusSource, type SourceRow, sourcesIn } from "./refocus/sources.js";

interface GateCost {
  readonly withoutMsPerEvent: number;
  readonly withMsPerEvent: number;
  readonly addedMsPerEvent: number;
}

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    sites: { type: "string" },
    sources: { type: "string", multiple: true, default: ["data/plate"] },
    seeds: { type: "string", default: "110,112" },
    only: { type: "string" },
    plot: { type: "string" },
    quick: { type: "boolean", default: false },
  },
});
const machine = describeMachine();
console.log(`Machine: ${machine}\n`);
const bySource = values.only === "beads" ? [] : await runSources();
if (values.plot !== undefined)
  await writeFile(values.plot, exposuresPlot(bySource, "What a displaced site costs"));
const beads = values.only === "sources" ? {} : await runBeads();
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ machine, bySource, ...beads }, null, 2)}\n`);
}

/** Every source as it is, and all together with each of the other settings. */
async function runSources(): Promise<SourceRow[]> {
  const seeds = values.seeds.split(",").map(Number);
  const rows: SourceRow[] = [];
  console.log(sourceHeader());
  for (const folder of values.sources) {
    for (const [source, images] of await sourcesIn(folder)) {
      for await (const row of refocusSource(source, images, { name: "as it is" }, seeds, !values.quick)) {
        rows.push(row);
        console.log(sourceLine(row));
      }
    }
    const all = [...(await sourcesIn(folder)).values()].flat();
    for (const setting of OTHER_SETTINGS) {
      for await (const row of refocusSource("all", all, setting, seeds, false)) {
        rows.push(row);
        console.log(sourceLine(row));
      }
    }
  }
  return rows;
}

async function runBeads() {
  const python = preparePython();
  if (python.missing !== undefined)
    throw new Error(`the Python environment cannot be made: ${python.missing}`);

  const rows: BlurRow[] = [];
  for await (const row of runScript<BlurRow>(
    python.python,
    "refocus.py",
    values.sites === undefined ? [] : ["--sites", values.sites],
  )) {
    if (rows.length === 0) console.log(header());
    rows.push(row);
    console.log(line(row));
  }
  for await (const cost of runScript<GateCost>(python.python, "gate_cost.py")) {
    console.log(
      `\nGate on sites in focus, 1024 x 1024 px: ${cost.withMsPerEvent} ms an event with, ${cost.withoutMsPerEvent} ms without: +${cost.addedMsPerEvent} ms`,
    );
    return { methods: overall(rows), byBlurRate: rows, gateCost: cost };
  }
  throw new Error("the gate's cost was not measured");
}

/** Each method over all blur rates; the worst of its medians and percentiles. */
function overall(all: readonly BlurRow[]): MethodRow[] {
  return [...new Set(all.map(({ method }) => method))].map((method) => {
    const own = all.filter((row) => row.method === method);
    const sum = (key: "displaced" | "recovered" | "endedBlurrier" | "hung" | "unscored") =>
      own.reduce((total, row) => total + row[key], 0);
    return {
      method,
      displaced: sum("displaced"),
      recovered: sum("recovered"),
      endedBlurrier: sum("endedBlurrier"),
      medianExtraExposures: Math.max(...own.map((row) => row.medianExtraExposures)),
      p90FinalAbsZUm: Math.max(...own.map((row) => row.p90FinalAbsZUm)),
      hung: sum("hung"),
      unscored: sum("unscored"),
    };
  });
}

function header(): string {
  return "blur px/um  method                    displaced  recovered  blurrier  extra exposures  |z| p90 um  hung  unscored";
}

function line(row: BlurRow): string {
  const cells = [
    String(row.blurRate).padEnd(10),
    row.method.padEnd(24),
    String(row.displaced).padStart(9),
    String(row.recovered).padStart(9),
    String(row.endedBlurrier).padStart(8),
    String(row.medianExtraExposures).padStart(15),
    row.p90FinalAbsZUm.toFixed(2).padStart(10),
    String(row.hung).padStart(4),
    String(row.unscored).padStart(8),
  ];
  return cells.join("  ");
}

function sourceHeader(): string {
  return "setting                       source       method                             displaced  recovered (95 % interval)     blurrier  extra: displaced, in focus (after 10)  flagged in focus";
}

function sourceLine(row: SourceRow): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}`;
  const [low, high] = row.interval.map(percent);
  const share = `${row.recovered} = ${percent(row.recovered / Math.max(1, row.displaced))} % (${low} to ${high})`;
  const extra = [row.extraDisplaced, row.extraInFocus].map((mean) => mean.toFixed(2)).join(", ");
  return [
    row.setting.padEnd(28),
    row.source.padEnd(11),
    row.method.padEnd(33),
    String(row.displaced).padStart(9),
    share.padStart(27),
    String(row.endedBlurrier).padStart(10),
    `${extra} (${row.extraInFocusAfterTenSites.toFixed(2)})`.padStart(37),
    `${percent(row.flaggedInFocus)} %`.padStart(16),
  ].join("  ");
}
