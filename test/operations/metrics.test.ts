import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { temporaryFolder, until } from "../agent/helpers.js";
import { ask, type Served, serve } from "../dashboard/helpers.js";

const PROMTOOL = "/usr/bin/promtool";
const hasPromtool = existsSync(PROMTOOL);
if (!hasPromtool && process.env.CI === "true")
  throw new Error("promtool is not installed (apt-get install prometheus)");

/** An agent that has seen a frame of each kind. */
async function busy(): Promise<Served> {
  const served = await serve();
  const { controller } = served;
  await controller.ask(0, { site: { name: "sharp" } });
  await controller.ask(4, { site: { name: "blurred" }, attempt: 0, zUm: 0 });
  await controller.ask(0, { site: { name: "blurred" }, attempt: 1, zUm: 8 });
  await controller.socket.send(["{"]);
  await until(() => served.agent.health().errors["bad-json"] === 1);
  return served;
}

const textOf = async ({ host }: Served) => (await ask(host, "/metrics")).body.toString();

describe("/metrics", () => {
  test("counts frames, errors and refocused sites, with what sinks did", async () => {
    const text = await textOf(await busy());

    for (const line of [
      'parfocal_frames_total{source="zeromq",status="accept"} 2',
      'parfocal_frames_total{source="zeromq",status="retry"} 1',
      'parfocal_errors_total{code="bad-json"} 1',
      'parfocal_refocus_total{outcome="yes"} 1',
      'parfocal_refocus_total{outcome="not-needed"} 1',
      "parfocal_refocus_exposures_total 1",
      "parfocal_verdict_duration_seconds_count 3",
      'parfocal_defocus_level_bucket{le="0.5"} 2',
      'parfocal_sink_lost_total{sink="jsonl"} 0',
      'parfocal_model_info{name="faulty",sha256="0000000000000000000000000000000000000000000000000000000000000000"} 1',
      'parfocal_build_info{version="1.2.3"} 1',
      "parfocal_running 1",
      "parfocal_gating 1",
      "parfocal_queue_depth 0",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).toMatch(/parfocal_last_frame_timestamp_seconds 1\d{9}/);
  });

  test("never has a well, a site or a session as a label", async () => {
    const labels = new Set(
      [...(await textOf(await busy())).matchAll(/[{,](\w+)="/g)].map(([, name]) => name!),
    );

    expect(labels).toContain("status");
    for (const name of ["well", "site", "session", "plate", "frame", "id"])
      expect(labels).not.toContain(name);
  });

  test.skipIf(!hasPromtool)("passes Prometheus' own check", async () => {
    const text = await textOf(await busy());

    const { stdout, stderr } = spawnSync(PROMTOOL, ["check", "metrics"], { input: text, encoding: "utf8" });

    // What Node's own metrics are called is for prom-client to say.
    const ours = `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line !== "" && !/parfocal_(nodejs|process)_/.test(line));
    expect(ours).toEqual([]);
  });
});

describe("what is made from the metrics", () => {
  /** Names in the expressions of the board and of the alert rules. */
  const namesIn = (expression: string) => expression.match(/parfocal_\w+/g) ?? [];

  async function known(): Promise<Set<string>> {
    const served = await busy();
    const text = await textOf(served);
    return new Set(
      [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name, kind]) =>
        kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
      ),
    );
  }

  test("Grafana's board asks only for metrics that there are, in panels of their own", async () => {
    const board = JSON.parse(await readFile("config/grafana-board.json", "utf8")) as {
      panels: { id: number; title: string; targets?: { expr: string }[]; gridPos: { w: number } }[];
    };
    const names = await known();
    const expressions = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

    for (const expression of expressions) {
      expect(namesIn(expression).length).toBeGreaterThan(0);
      for (const name of namesIn(expression)) expect(names).toContain(name);
    }
    expect(expressions.length).toBeGreaterThan(10);
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
  });

  test("the alert rules ask only for metrics that there are", async () => {
    const rules = parse(await readFile("config/prometheus-alerts.yaml", "utf8")) as {
      groups: { rules: { expr: string }[] }[];
    };
    const names = await known();

    for (const { expr } of rules.groups.flatMap((group) => group.rules)) {
      for (const name of namesIn(expr)) expect(names).toContain(name);
    }
  });

  test.skipIf(!hasPromtool)("the alert rules and all expressions are Prometheus' language", async () => {
    expect(
      execFileSync(PROMTOOL, ["check", "rules", "config/prometheus-alerts.yaml"], { encoding: "utf8" }),
    ).toContain("SUCCESS");
    const board = JSON.parse(await readFile("config/grafana-board.json", "utf8")) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const rules = board.panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }, i) => ({
        record: `board:expression:${i}`,
        expr: expr.replaceAll("$__rate_interval", "5m"),
        labels: { n: expr.slice(0, 200) },
      })),
    );
    const file = join(await temporaryFolder(), "board.yaml");
    await writeFile(file, JSON.stringify({ groups: [{ name: "board", rules }] }));

    expect(execFileSync(PROMTOOL, ["check", "rules", file], { encoding: "utf8" })).toContain("SUCCESS");
  });
});
