import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ResultRecord } from "../records/record.js";
import type { Health } from "./agent-health.js";
import type { Sink, SinkCounts } from "./sink.js";

/** Codes of errors that have a label of their own; others, which may be anything, share one. */
const KNOWN_CODES: ReadonlySet<string> = new Set([
  "bad-json",
  "bad-message",
  "bad-parts",
  "bad-length",
  "unsupported-version",
  "unreadable",
  "unscorable",
  "scorer-failed",
]);

/** Bounds of the histograms of times, s: a frame takes about 10 ms, a deadline is about 1 s. */
const SECONDS = [0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5];

export interface MetricsSources {
  readonly version: string;
  readonly model: { readonly name: string; readonly sha256: string };
  readonly health: () => Health;
  /** Whether gated frames may lead to actions. */
  readonly gating: () => boolean;
  /** Pages that are open. */
  readonly clients: () => number;
  /** Frames that went without a picture. */
  readonly skippedPictures: () => number;
}

/** Prometheus' view of the agent; docs/operations.md lists the metrics. Wells and sites are never labels. */
/** How finely the delay of the event loop is measured, ms: the default of 10 wakes an idle agent a hundred times a second. */
const LOOP_DELAY_MS = 100;

export class MetricsSink implements Sink {
  readonly #registry = new Registry();
  readonly #sources: MetricsSources;
  readonly #frames = this.#counter("frames_total", "Frames by source and what became of them", [
    "source",
    "status",
  ]);
  readonly #dropped = this.#counter("frames_dropped_total", "Frames without a verdict, by reason", [
    "reason",
  ]);
  readonly #errors = this.#counter("errors_total", "Frames and messages with a fault, by code", ["code"]);
  readonly #refocus = this.#counter("refocus_total", "Gated sites that ended, by whether refocusing helped", [
    "outcome",
  ]);
  readonly #exposures = this.#counter("refocus_exposures_total", "Frames taken again to refocus", []);
  readonly #alerts = this.#counter("alerts_total", "Alerts that were raised, by kind", ["alert"]);
  readonly #queueS = this.#seconds("queue_duration_seconds", "Time that a frame waited for the scorer");
  readonly #scoreS = this.#seconds("score_duration_seconds", "Time that a frame took to be scored");
  readonly #verdictS = this.#seconds(
    "verdict_duration_seconds",
    "Time from a frame's arrival to its verdict",
  );
  readonly #level = this.#histogram("defocus_level", "Expected level of the scored frames, 0 to 10", [
    ...[0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  ]);
  readonly #certainty = this.#histogram(
    "certainty_ratio",
    "Aggregate certainty of the scored frames, 0 to 1",
    [...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
  );
  #written = 0;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
  }

  /** @returns the address of the metrics on the dashboard's port. */
  start(): Promise<string> {
    const { version, model, health, gating, clients, skippedPictures } = this.#sources;
    this.#info("build_info", "Version of Parfocal", { version });
    this.#info("model_info", "The model that scores", { name: model.name, sha256: model.sha256 });
    this.#gauge("queue_depth", "Frames that wait for the scorer", () => health().queueDepth);
    this.#gauge("running", "1 while the agent takes frames", () => (health().state === "running" ? 1 : 0));
    this.#gauge("gating", "1 while blurred sites are refocused", () => (gating() ? 1 : 0));
    this.#gauge("dashboard_clients", "Pages that are open", clients);
    new Counter({
      name: "parfocal_pictures_skipped_total",
      help: "Frames that went without a picture",
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(skippedPictures());
      },
    });
    this.#gauge(
      "last_frame_timestamp_seconds",
      "When the last frame arrived, s since 1970 UTC; 0 before the first",
      () => (health().lastFrameMs ?? 0) / 1000,
    );
    for (const [name, help, key] of [
      ["sink_written_total", "Records that a sink has written", "written"],
      ["sink_failures_total", "Attempts of a sink that failed", "failures"],
      ["sink_lost_total", "Records that a sink gave up", "lost"],
    ] as const) {
      this.#sinkCounter(name, help, key);
    }
    collectDefaultMetrics({
      ...{ register: this.#registry, prefix: "parfocal_" },
      eventLoopMonitoringPrecision: LOOP_DELAY_MS,
    });
    return Promise.resolve("/metrics");
  }

  write(record: ResultRecord): void {
    this.#written++;
    const source = record.source ?? "agent";
    switch (record.type) {
      case "verdict": {
        this.#frames.inc({ source, status: record.late ? "late" : record.decision });
        this.#queueS.observe(record.timings.queueMs / 1000);
        this.#scoreS.observe(record.timings.scoreMs / 1000);
        this.#verdictS.observe(record.timings.totalMs / 1000);
        this.#level.observe(record.expectedLevel);
        this.#certainty.observe(record.aggregateCertainty);
        break;
      }
      case "drop":
        this.#frames.inc({ source, status: "drop" });
        this.#dropped.inc({ reason: record.why });
        break;
      case "error":
        if (record.frame !== undefined) this.#frames.inc({ source, status: "error" });
        this.#errors.inc({ code: KNOWN_CODES.has(record.code) ? record.code : "other" });
        break;
      case "outcome":
        this.#refocus.inc({ outcome: record.recovered });
        this.#exposures.inc(record.attempts - 1);
        break;
      case "alert":
        if (record.state === "raised") this.#alerts.inc({ alert: record.alert });
        break;
      default:
    }
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: 0, lost: 0 };
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<{ readonly type: string; readonly body: string }> {
    return { type: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  stop(): Promise<void> {
    this.#registry.clear();
    return Promise.resolve();
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({
      name: `parfocal_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `parfocal_${name}`, help, buckets, registers: [this.#registry] });
  }

  #seconds(name: string, help: string): Histogram {
    return this.#histogram(name, help, SECONDS);
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      ...{ name: `parfocal_${name}`, help, registers: [this.#registry] },
      collect() {
        this.set(value());
      },
    });
  }

  #info(name: string, help: string, labels: Record<string, string>): void {
    const labelNames = Object.keys(labels);
    new Gauge({ name: `parfocal_${name}`, help, labelNames, registers: [this.#registry] }).set(labels, 1);
  }

  /** A sink counts by itself; its counts are taken when they are asked for. */
  #sinkCounter(name: string, help: string, key: keyof SinkCounts): void {
    const { health } = this.#sources;
    new Counter({
      ...{ name: `parfocal_${name}`, help, labelNames: ["sink"], registers: [this.#registry] },
      collect() {
        this.reset();
        for (const [sink, counts] of Object.entries(health().sinks)) this.inc({ sink }, counts[key]);
      },
    });
  }
}
