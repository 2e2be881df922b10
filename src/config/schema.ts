import { z } from "zod";
import { BindAddress, HttpAddress } from "./addresses.js";
import { AlertsConfig } from "./alerts.js";
import { DashboardConfig } from "./dashboard.js";
import { DatabaseConfig } from "./database.js";
import { Milliseconds } from "./numbers.js";
import { PathText } from "./path-text.js";
import { PolicyConfig } from "./policy.js";
import { SourcesConfig } from "./sources.js";

const Scorer = z.strictObject({
  model: PathText.optional().describe("Model folder. If unset: the model that ships with Parfocal."),
  engine: z
    .enum(["onnx", "tensorflow", "kserve"])
    .default("onnx")
    .describe("What computes: onnx, tensorflow, or kserve (an inference server, docs/other-programs.md)."),
  server: HttpAddress.optional().describe("Address of the inference server, for the engine kserve."),
  device: z
    .enum(["auto", "cpu", "webgpu", "cuda", "gpu", "native", "wasm"])
    .default("auto")
    .describe("Where it computes; onnx: auto, cpu, webgpu, cuda; tensorflow: auto, gpu, native, wasm."),
  threads: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe("Threads of the engine. If unset: the engine decides."),
  concurrency: z
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe(
      "Frames that the scorer has at a time. With two, the next one is there when one is done; more help only if the engine leaves cores idle.",
    ),
});

const Queue = z.strictObject({
  size: z
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .describe(
      "Frames that may wait. When it is full, the oldest observed frame is dropped, never a gated one for it.",
    ),
  observePerController: z
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .describe("Observed frames of one controller that may wait; a newer one drops the oldest."),
  memoryMib: z
    .int()
    .min(16)
    .optional()
    .describe(
      "Memory for the pixels of all frames that wait or are scored, MiB; beyond it frames are dropped. If unset: a quarter of the machine's.",
    ),
});

const Publish = z.strictObject({
  enabled: z.boolean().default(true).describe("Publish every verdict and event (ZeroMQ PUB)."),
  address: BindAddress.default("tcp://127.0.0.1:5611").describe(
    "Where subscribers connect. Loopback only; port 0 picks a free one.",
  ),
});

const Results = z.strictObject({
  folder: PathText.default("parfocal-results").describe(
    "Folder of results.jsonl and sites.csv; created if missing.",
  ),
  fsync: z
    .enum(["every-line", "interval", "never"])
    .default("interval")
    .describe(
      "When results.jsonl is forced to the disk: every-line, interval (every fsyncMs) or never (the system's choice).",
    ),
  fsyncMs: Milliseconds.default(1000).describe("Time between two forced writes with fsync: interval, ms."),
  csvMs: Milliseconds.default(1000).describe("Shortest time between two rewrites of sites.csv, ms."),
});

/** The configuration of `parfocal agent`. Every key has a default, so `{}` is a configuration. */
export const AgentConfig = z.strictObject({
  scorer: Scorer.prefault({}).describe("The model and what computes it."),
  sources: SourcesConfig.prefault({}).describe("Where frames come from."),
  queue: Queue.prefault({}).describe("Frames between arrival and scoring."),
  policy: PolicyConfig.prefault({}).describe("From level and certainty to a decision."),
  publish: Publish.prefault({}).describe("Verdicts and events for dashboards and loggers."),
  results: Results.prefault({}).describe("Files."),
  database: DatabaseConfig.prefault({}).describe("The results store."),
  dashboard: DashboardConfig.prefault({}).describe("The page and the HTTP server (docs/dashboard.md)."),
  alerts: AlertsConfig.prefault({}).describe("When to tell somebody (docs/operations.md)."),
  agent: z
    .strictObject({
      drainMs: Milliseconds.default(10_000).describe(
        "After the first signal, longest time to finish the frames that wait, ms; the others are dropped.",
      ),
    })
    .prefault({})
    .describe("Start and stop."),
  log: z
    .strictObject({
      level: z
        .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
        .default("info")
        .describe(
          "Least severe message on standard error: trace, debug, info, warn, error, fatal or silent.",
        ),
      format: z
        .enum(["auto", "text", "json"])
        .default("auto")
        .describe(
          "How it is written: text for people, json (lines), or auto: text on a terminal, else json.",
        ),
    })
    .prefault({})
    .describe("Log."),
});
export type AgentConfig = z.infer<typeof AgentConfig>;
