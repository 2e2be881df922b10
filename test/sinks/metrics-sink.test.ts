import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { ResultRecord } from "../../src/records/record.js";
import type { Health } from "../../src/sinks/agent-health.js";
import { MetricsSink, type MetricsSources } from "../../src/sinks/metrics-sink.js";
import { frame } from "../refocus/helpers.js";
import { verdict } from "./helpers.js";

const health: Health = {
  state: "running",
  startedMs: 1,
  lastFrameMs: undefined,
  queueDepth: 3,
  received: 0,
  verdicts: { accept: 0, retry: 0, flag: 0, abstain: 0 },
  late: 0,
  drops: {},
  errors: {},
  outcomes: {},
  lost: 0,
  sinks: { jsonl: { written: 7, failures: 2, lost: 1 }, csv: { written: 5, failures: 0, lost: 0 } },
};

async function started(fields: Partial<MetricsSources> = {}): Promise<MetricsSink> {
  const sink = new MetricsSink({
    version: "1.2.3",
    model: { name: "m", sha256: "abc" },
    health: () => health,
    gating: () => true,
    clients: () => 4,
    skippedPictures: () => 6,
    ...fields,
  });
  expect(await sink.start()).toBe("/metrics");
  return sink;
}

const linesOf = async (sink: MetricsSink) => (await sink.text()).body.split("\n");
const ours = async (sink: MetricsSink) =>
  (await linesOf(sink)).filter((line) => /^parfocal_(?!process_|nodejs_)/.test(line));

async function recordLike(name: string): Promise<ResultRecord> {
  return {
    ...(JSON.parse(await readFile(`test/contract/${name}.json`, "utf8")) as ResultRecord),
    recordedMs: 0,
  };
}

describe("the metrics", () => {
  test("say how the agent and each of its sinks are at the moment of asking", async () => {
    let now = health;
    const sink = await started({ health: () => now });
    expect(await ours(sink)).toEqual(
      expect.arrayContaining([
        'parfocal_build_info{version="1.2.3"} 1',
        'parfocal_model_info{name="m",sha256="abc"} 1',
        "parfocal_queue_depth 3",
        "parfocal_running 1",
        "parfocal_gating 1",
        "parfocal_dashboard_clients 4",
        "parfocal_pictures_skipped_total 6",
        "parfocal_last_frame_timestamp_seconds 0",
        'parfocal_sink_written_total{sink="jsonl"} 7',
        'parfocal_sink_failures_total{sink="jsonl"} 2',
        'parfocal_sink_lost_total{sink="jsonl"} 1',
        'parfocal_sink_written_total{sink="csv"} 5',
      ]),
    );
    now = {
      ...health,
      ...{ state: "draining", lastFrameMs: 12_500 },
      sinks: { jsonl: { written: 8, failures: 2, lost: 1 } },
    };
    const later = await ours(sink);
    for (const line of [
      "parfocal_running 0",
      "parfocal_last_frame_timestamp_seconds 12.5",
      'parfocal_sink_written_total{sink="jsonl"} 8',
      "parfocal_pictures_skipped_total 6",
    ]) {
      expect(later).toContain(line);
    }
    expect(await ours(await started({ gating: () => false }))).toContain("parfocal_gating 0");
    await sink.stop();
    expect((await sink.text()).body.trim()).toBe("");
  });

  test("describe each metric, and those of Node under our own name", async () => {
    const lines = await linesOf(await started());
    const types = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2]!);

    expect(types).toContain("parfocal_process_resident_memory_bytes");
    for (const name of types.filter((type) => !/_(process|nodejs)_/.test(type))) {
      expect(lines.find((line) => line.startsWith(`# HELP ${name} `))).toMatch(/HELP \S+ [A-Z1].{10,}/);
    }
  });

  test("count a frame by where it came from and what became of it", async () => {
    const sink = await started();
    const drop = (await recordLike("drop")) as ResultRecord & { type: "drop" };
    sink.write(verdict());
    sink.write(verdict({ decision: "accept" }));
    sink.write(verdict({ decision: "accept", late: true }));
    sink.write({ ...drop, source: "folder", frame: frame() });
    sink.write({ ...drop, frame: frame() });

    const lines = await ours(sink);
    expect(lines.filter((line) => line.startsWith("parfocal_frames"))).toEqual([
      'parfocal_frames_total{source="zeromq",status="retry"} 1',
      'parfocal_frames_total{source="zeromq",status="accept"} 1',
      'parfocal_frames_total{source="zeromq",status="late"} 1',
      'parfocal_frames_total{source="folder",status="drop"} 1',
      'parfocal_frames_total{source="agent",status="drop"} 1',
      'parfocal_frames_dropped_total{reason="deadline"} 2',
    ]);
    expect(sink.counts()).toEqual({ written: 5, failures: 0, lost: 0 });
  });

  test("sort times and levels into buckets, in seconds and levels", async () => {
    const sink = await started();
    sink.write(verdict({ timings: { queueMs: 1, scoreMs: 12, totalMs: 400 } }));

    const lines = await ours(sink);
    const buckets = (name: string) =>
      lines.flatMap((line) => {
        const [, bound, count] =
          new RegExp(`^parfocal_${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`).exec(line) ?? [];
        return bound === undefined ? [] : [`${bound}:${count}`];
      });
    const seconds = (first: number) =>
      [0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, "+Inf"].map(
        (bound) => `${bound}:${bound === "+Inf" || Number(bound) >= first ? 1 : 0}`,
      );
    expect(buckets("queue_duration_seconds")).toEqual(seconds(0.002));
    expect(buckets("score_duration_seconds")).toEqual(seconds(0.02));
    expect(buckets("verdict_duration_seconds")).toEqual(seconds(0.5));
    expect(buckets("defocus_level")).toEqual(
      [0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10, "+Inf"].map(
        (bound) => `${bound}:${bound === "+Inf" || Number(bound) >= 5 ? 1 : 0}`,
      ),
    );
    expect(buckets("certainty_ratio").slice(4, 7)).toEqual(["0.5:0", "0.6:1", "0.7:1"]);
    expect(lines).toContain("parfocal_verdict_duration_seconds_sum 0.4");
  });

  test.each([
    ["bad-json", "bad-json"],
    ["bad-message", "bad-message"],
    ["bad-parts", "bad-parts"],
    ["bad-length", "bad-length"],
    ["unsupported-version", "unsupported-version"],
    ["unreadable", "unreadable"],
    ["unscorable", "unscorable"],
    ["scorer-failed", "scorer-failed"],
    ["whatever a later version says", "other"],
  ])("count the error %s as %s, and its frame where there was one", async (code, label) => {
    const sink = await started();
    const error = { ...(await recordLike("error")), code, source: "zeromq" } as ResultRecord & {
      type: "error";
    };
    sink.write(error);
    sink.write({ ...error, frame: frame() });

    const lines = await ours(sink);
    expect(lines).toContain(`parfocal_errors_total{code="${label}"} 2`);
    expect(lines).toContain('parfocal_frames_total{source="zeromq",status="error"} 1');
  });

  test("count sites that ended with their extra frames, and alerts when they are raised", async () => {
    const sink = await started();
    const outcome = (await recordLike("outcome")) as ResultRecord & { type: "outcome" };
    const alert = (await recordLike("alert")) as ResultRecord & { type: "alert" };
    sink.write({ ...outcome, recovered: "no", attempts: 4 });
    sink.write({ ...outcome, recovered: "yes", attempts: 2 });
    sink.write(alert);
    sink.write({ ...alert, state: "cleared" });

    const lines = await ours(sink);
    for (const line of [
      'parfocal_refocus_total{outcome="no"} 1',
      'parfocal_refocus_total{outcome="yes"} 1',
      "parfocal_refocus_exposures_total 4",
      'parfocal_alerts_total{alert="row-failures"} 1',
    ]) {
      expect(lines).toContain(line);
    }
  });
});
