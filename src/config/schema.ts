import { z } from "zod";
import { reasonOf } from "../errors.js";
import { COLOURS } from "../frames/counts.js";
import { IMAGE_ENDINGS } from "../frames/image-names.js";
import { namePattern } from "../frames/name-groups.js";
import { PLATE_FORMATS } from "../frames/wells.js";
import { BindAddress } from "./addresses.js";
import { AlertsConfig } from "./alerts.js";
import { DashboardConfig } from "./dashboard.js";
import { DatabaseConfig } from "./database.js";
import { ZLimits } from "./z-limits.js";

const Level = z.number().min(0).max(10);
const Fraction = z.number().min(0).max(1);
const PositiveUm = z.number().positive();
const Milliseconds = z.int().min(1).max(3_600_000);

const rules = {
  sharp: z
    .enum(["learned", "absolute"])
    .describe(
      "What counts as sharp: learned (as sharp as this sample gets, found out during the run) or absolute (maxLevel).",
    ),
  maxLevel: Level.describe(
    "A frame judged on its own, or with sharp: absolute, is accepted up to this level, 0 (in focus) to 10.",
  ),
  minCertainty: Fraction.describe(
    "A frame judged on its own, or with sharp: absolute, gets abstain below this aggregate certainty, 0 to 1.",
  ),
  plane: z
    .enum(["majority", "sharpest"])
    .describe(
      "Where a frame shows several planes: focus on the plane of most of it (majority), or on the sharpest.",
    ),
  retries: z
    .int()
    .min(0)
    .max(20)
    .describe("Most frames taken again for one site and channel; 0 never retries."),
  retryWith: z
    .enum(["move-z", "autofocus", "reacquire"])
    .describe(
      "How to retry: move-z (level-guided search), autofocus (the controller's own) or reacquire (take it again without moving).",
    ),
  umPerLevel: PositiveUm.describe(
    "Defocus that blurs by one level, um. If unset, worked out from the optics (docs/configuration.md).",
  ),
};

const Scorer = z.strictObject({
  model: z.string().min(1).optional().describe("Model folder. If unset: the model that ships with Parfocal."),
  engine: z
    .enum(["onnx", "tensorflow", "kserve"])
    .default("onnx")
    .describe("What computes: onnx, tensorflow, or kserve (an inference server, docs/other-programs.md)."),
  server: z
    .url({ protocol: /^https?$/, error: "must be an address that begins with http:// or https://" })
    .optional()
    .describe("Address of the inference server, for the engine kserve."),
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
    .default(1)
    .describe(
      "Frames that are scored at the same time. More than 1 helps only if the engine leaves cores idle.",
    ),
});

const ZeromqSource = z.strictObject({
  enabled: z.boolean().default(true).describe("Take frames over ZeroMQ."),
  address: BindAddress.default("tcp://127.0.0.1:5610").describe(
    "Where controllers connect. Loopback only; port 0 picks a free one.",
  ),
  maxFrameMib: z
    .int()
    .min(1)
    .max(2048)
    .default(256)
    .describe("Largest frame, MiB. A larger one closes its connection."),
});

const NamePattern = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      namePattern(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: reasonOf(error) });
    }
  });

const FolderSource = z.strictObject({
  enabled: z.boolean().default(false).describe("Score image files as they appear in a folder."),
  path: z
    .string()
    .min(1)
    .optional()
    .describe("The folder, watched with all its subfolders. Needed if enabled."),
  pattern: z
    .string()
    .min(1)
    .default(`**/*.{${IMAGE_ENDINGS.join(",")}}`)
    .describe("Which files, relative to the folder: ** any folders, * any characters, ? one, {a,b} either."),
  namePattern: NamePattern.optional().describe(
    "What file names mean, where they are of no known form: a regular expression with CellProfiler's named groups.",
  ),
  plateWells: z
    .union(
      PLATE_FORMATS.map(({ wells }) => z.literal(wells)),
      `must be one of ${PLATE_FORMATS.map(({ wells }) => wells).join(", ")}`,
    )
    .optional()
    .describe(
      "Wells of the plates: 6, 12, 24, 48, 96, 384 or 1536. If unset: as many as the wells seen need.",
    ),
  existing: z
    .enum(["score", "ignore"])
    .default("score")
    .describe("What to do with files that exist at the start: score or ignore."),
  polling: z
    .boolean()
    .default(false)
    .describe("Poll for new files instead of waiting for the operating system; needed on network drives."),
  pollMs: Milliseconds.default(500).describe("Time between two polls, ms."),
  stableMs: Milliseconds.default(200).describe(
    "A file that does not show that it is whole is complete once it has not changed for this long, ms.",
  ),
  colour: z
    .enum(COLOURS)
    .default("luminance")
    .describe("What is judged of colour images: luminance, red, green or blue."),
  maxFileMib: z
    .int()
    .min(1)
    .max(2048)
    .default(2048)
    .describe("Largest image, MiB; files of many pages may be larger. A larger image is an error."),
  giveUpMs: Milliseconds.default(30_000).describe(
    "A file that has not changed for this long gets nothing more: what cannot be read is an error, what is zeros is an image, ms.",
  ),
});

const Queue = z.strictObject({
  size: z
    .int()
    .min(1)
    .max(1024)
    .default(16)
    .describe(
      "Frames that may wait. When it is full, the oldest observed frame is dropped, never a gated one for it.",
    ),
  observePerController: z
    .int()
    .min(1)
    .max(1024)
    .default(2)
    .describe("Observed frames of one controller that may wait; a newer one drops the oldest."),
  memoryMib: z
    .int()
    .min(16)
    .optional()
    .describe(
      "Memory for the pixels of all frames that wait or are scored, MiB; beyond it frames are dropped. If unset: a quarter of the machine's.",
    ),
});

const OpticsDefaults = z
  .strictObject({
    na: z.number().positive().max(2).default(0.5).describe("Numerical aperture of the objective."),
    refractiveIndex: z
      .number()
      .min(1)
      .max(2)
      .default(1)
      .describe("Refractive index of the immersion medium."),
    pixelUm: PositiveUm.default(0.65).describe("Side of a pixel in the sample, um."),
    binning: z
      .int()
      .min(1)
      .max(4)
      .optional()
      .describe("Pixels a side that are judged as one. If unset, worked out from aperture and pixel size."),
  })
  .refine(({ na, refractiveIndex }) => na <= refractiveIndex, {
    path: ["na"],
    message: "is above policy.optics.refractiveIndex, which no objective's can be; oil has 1.515, water 1.33",
  });

const Channel = z.strictObject(rules).partial();

const Policy = z.strictObject({
  sharp: rules.sharp.default("learned"),
  maxLevel: rules.maxLevel.default(1.1),
  minCertainty: rules.minCertainty.default(0.25),
  plane: rules.plane.default("majority"),
  retries: rules.retries.default(6),
  retryWith: rules.retryWith.default("move-z"),
  umPerLevel: rules.umPerLevel.optional(),
  firstSide: z
    .enum(["positive", "negative"])
    .default("positive")
    .describe("Direction to try first while nothing is known yet: positive (larger z) or negative."),
  maxTravelUm: PositiveUm.optional().describe(
    "Longest path of the focus drive for one site, um, the way back to the best z included; if missing, 50 levels of the objective, but at least 100 um and at most 300 um.",
  ),
  zLimitsUm: ZLimits.optional().describe(
    "Lowest and highest z that may be asked for, um, [min, max]. The controller's own limits apply as well.",
  ),
  backlashUm: z
    .number()
    .default(0)
    .describe(
      "Backlash compensation, um: every move arrives going up (positive) or down (negative) over at least this distance; 0: none.",
    ),
  confidence: Fraction.default(0.78).describe(
    "A site ends with its first frame if that is in focus with this probability, and after a move with two fifths of the doubt. More: fewer misses, more exposures.",
  ),
  lookBeyond: z
    .boolean()
    .default(true)
    .describe(
      "The first searches of a run take one frame beyond focus, to learn what such content reads there: later sites are judged better.",
    ),
  runRetries: z.int().min(0).optional().describe("Most frames taken again in one run; no limit if missing."),
  coolDown: z
    .strictObject({
      afterFailures: z
        .int()
        .min(1)
        .default(3)
        .describe("Searches of a channel in a row in which moving the focus drive changed nothing."),
    })
    .prefault({})
    .describe("After this many, each site gets one try only, until moving changes something again."),
  suggest: z
    .boolean()
    .default(true)
    .describe(
      "Tell controllers where focus is expected at the next site (they decide whether to start there).",
    ),
  focusMap: z
    .string()
    .min(1)
    .optional()
    .describe(
      "File of a focus map (CSV): where the plate was in focus before, for the first sites of a run and the z suggested to controllers.",
    ),
  dryRun: z
    .boolean()
    .default(false)
    .describe("Say what would be done, but move nothing: flag instead of retry."),
  optics: OpticsDefaults.prefault({}).describe("Assumed where a frame does not report its optics."),
  channels: z
    .record(z.string().min(1), Channel)
    .default({})
    .describe(
      "Rules by channel name, each any of sharp, maxLevel, minCertainty, plane, retries, retryWith, umPerLevel.",
    ),
});

const Publish = z.strictObject({
  enabled: z.boolean().default(true).describe("Publish every verdict and event (ZeroMQ PUB)."),
  address: BindAddress.default("tcp://127.0.0.1:5611").describe(
    "Where subscribers connect. Loopback only; port 0 picks a free one.",
  ),
});

const Results = z.strictObject({
  folder: z
    .string()
    .min(1)
    .default("parfocal-results")
    .describe("Folder of results.jsonl and sites.csv; created if missing."),
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
  sources: z
    .strictObject({
      zeromq: ZeromqSource.prefault({}).describe("Frames from controllers (docs/protocol.md)."),
      folder: FolderSource.prefault({})
        .refine((folder) => !folder.enabled || folder.path !== undefined, {
          path: ["path"],
          message: "is needed because the folder source is enabled",
        })
        .describe("Frames from files."),
    })
    .refine(({ zeromq, folder }) => zeromq.enabled || folder.enabled, {
      path: ["zeromq", "enabled"],
      message: "the agent would get no frames: set it or sources.folder.enabled to true",
    })
    .prefault({})
    .describe("Where frames come from."),
  queue: Queue.prefault({}).describe("Frames between arrival and scoring."),
  policy: Policy.prefault({}).describe("From level and certainty to a decision."),
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

export type ZeromqSourceConfig = AgentConfig["sources"]["zeromq"];
export type FolderSourceConfig = AgentConfig["sources"]["folder"];
