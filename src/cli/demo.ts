import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { AgentError } from "../errors.js";
import { makeFolder } from "../frames/make-folder.js";
import { writeAtomically } from "../frames/write-atomically.js";
import type { SiteResult } from "../microscope/run-plate.js";
import type { PlateSummary } from "../microscope/summary.js";
import { LEVEL_UM } from "../optics/point-spread-function.js";
import { exitCodes } from "./exit-codes.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));

const options = {
  results: { type: "string", describe: "Folder of the logs; default: runs/demo-<time>" },
  json: { type: "string", describe: "File for the summary as JSON" },
  seed: { type: "number", default: 1, describe: "Another seed, another plate" },
  keep: { type: "boolean", default: false, describe: "Keep the agent and its page running until Ctrl-C" },
  port: { type: "number", default: 0, describe: "Port of the page; 0 picks a free one" },
  control: { type: "boolean", default: false, describe: "Let the page change things" },
  "site-ms": { type: "number", default: 0, describe: "Shortest time per site, ms, to watch the plate fill" },
  model: { type: "string", default: "default", describe: "Shipped model's name, or a model folder" },
} as const satisfies Record<string, Options>;

interface ReadyLine {
  readonly addresses: { readonly zeromq: string; readonly publish: string; readonly dashboard: string };
  readonly results: string;
  readonly sites: string;
  readonly engine: string;
}

export const demoCommand: CommandModule<unknown, InferredOptionTypes<typeof options>> = {
  command: "demo",
  describe: "Run an agent with a simulated microscope: a plate drifts out of focus and is brought back",
  builder: (yargs) => yargs.options(options),
  handler: async (argv) => {
    const folder = argv.results ?? join("runs", `demo-${new Date().toISOString().replace(/[:.]/g, "-")}`);
    await makeFolder(folder);
    console.log(
      "Parfocal demo: a 24-well plate of six kinds of cells, 2 sites a well, tilted, bowed and drifting under a simulated microscope.\n",
    );

    const agent = start([
      "agent",
      ...["--address", "tcp://127.0.0.1:*", "--publish", "tcp://127.0.0.1:*"],
      ...["--results", folder, "--model", argv.model, "--log-level", "warn"],
      ...["--dashboard-port", String(argv.port), ...(argv.control ? ["--control"] : [])],
    ]);
    const children = [agent];
    const stopAll = () => {
      for (const child of children) child.kill("SIGTERM");
    };
    process.once("SIGINT", stopAll);
    process.once("SIGTERM", stopAll);
    try {
      const ready = (await firstLine(agent)) as unknown as ReadyLine;
      console.log(
        `Agent ready at ${ready.addresses.zeromq} (frames) and ${ready.addresses.publish} (events)`,
      );
      console.log(`Watch it: ${ready.addresses.dashboard}`);
      console.log(`Engine: ${ready.engine}\n`);
      const microscope = start([
        "microscope",
        ...["--address", ready.addresses.zeromq, "--site-ms", String(argv.siteMs)],
        ...["--seed", String(argv.seed), "--session", `demo-${argv.seed}`],
      ]);
      children.push(microscope);
      const summary = await follow(microscope);
      printSummary(summary, ready);
      if (argv.json !== undefined) {
        const { sites, displaced, recovered, endedBlurrier, exposures, latencyMs } = summary;
        const json = { sites, displaced, recovered, endedBlurrier, exposures, latencyMs };
        await writeAtomically(argv.json, Buffer.from(`${JSON.stringify(json, null, 2)}\n`));
      }
      if (argv.keep) {
        console.log(`\nThe page stays at ${ready.addresses.dashboard} until Ctrl-C.`);
        await ended(agent);
      }
    } finally {
      stopAll();
      await Promise.all(children.map(ended));
    }
    if (agent.exitCode !== 0) process.exitCode = exitCodes.failed;
  },
};

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

/** The first line of a child's output, parsed. */
async function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  for await (const line of createInterface({ input: child.stdout! }))
    return JSON.parse(line) as Record<string, unknown>;
  throw new AgentError("the agent ended before it was ready; see the message above");
}

/** Shows sites as they are done; gives the summary at the end. */
async function follow(microscope: ChildProcess): Promise<PlateSummary> {
  for await (const line of createInterface({ input: microscope.stdout! })) {
    const message = JSON.parse(line) as { type: string } & SiteResult &
      PlateSummary & { done: number; of: number };
    if (message.type === "summary") return message;
    printSite(message);
  }
  throw new AgentError("the simulated microscope ended early; see the message above");
}

function printSite(result: SiteResult & { done: number; of: number }): void {
  const { firstDefocusUm, keptDefocusUm, firstLevel, keptLevel, exposures } = result;
  const progress = `${String(result.done).padStart(3)}/${result.of}`;
  const levels = [firstLevel, keptLevel].map((level) =>
    level === undefined ? " -  " : level.toFixed(1).padStart(4),
  );
  const before = `${um(firstDefocusUm)} level ${levels[0]}`;
  const verdict =
    exposures === 1
      ? result.decision
      : `${result.decision.padEnd(7)} ->${um(keptDefocusUm)} level ${levels[1]}  ${exposures} exposures`;
  console.log(`${progress}  ${result.site.padEnd(10)} ${before}  ${verdict}`);
}

function printSummary(summary: PlateSummary, ready: ReadyLine): void {
  const { displaced, recovered, latencyMs } = summary;
  const rows: [string, string][] = [
    ["sites", String(summary.sites)],
    [`displaced (over ${LEVEL_UM} um from focus when first imaged)`, String(displaced)],
    ["recovered (kept frame within that)", `${recovered} (${((100 * recovered) / displaced).toFixed(1)} %)`],
    ...Object.entries(summary.kinds).map(([kind, { displaced: of, recovered: back }]): [string, string] => [
      `  ${kind}`,
      `${back} of ${of}`,
    ]),
    ["ended blurrier than they began", String(summary.endedBlurrier)],
    ["exposures", `${summary.exposures} (${(summary.exposures / summary.sites).toFixed(2)} a site)`],
    ["frame to verdict, p50 / p99", `${latencyMs.p50.toFixed(1)} / ${latencyMs.p99.toFixed(1)} ms`],
    ["results, one line a frame", ready.results],
    ["sites, one row each", ready.sites],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  console.log(`\n${rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`).join("\n")}`);
  console.log("\nDistances are the simulator's own; the agent never sees them.");
}

function um(value: number): string {
  return `${value >= 0 ? "+" : ""}${value.toFixed(1)} um`.padStart(9);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}
