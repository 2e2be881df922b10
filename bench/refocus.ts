/**
 * Refocus benchmark: `npm run bench:refocus`, `npm run bench:refocus -- --json FILE`. Real MMCore, real controllers, the
 * built agent, beside the searches that controllers have of their own; bench/refocus/ holds the Python side. Distances
 * are the harness's real z; times compare within one run only.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { preparePython } from "../scripts/test-python.js";
import { describeMachine } from "../src/machine.js";
import { type BlurRow, type MethodRow, runScript } from "./refocus/run-script.js";

interface GateCost {
  readonly withoutMsPerEvent: number;
  readonly withMsPerEvent: number;
  readonly addedMsPerEvent: number;
}

const { values } = parseArgs({ options: { json: { type: "string" }, sites: { type: "string" } } });
const python = preparePython();
if (python.missing !== undefined) throw new Error(`the Python environment cannot be made: ${python.missing}`);

const machine = describeMachine();
console.log(`Machine: ${machine}\n`);
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
  if (values.json !== undefined) {
    const report = { machine, methods: overall(rows), byBlurRate: rows, gateCost: cost };
    await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
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
