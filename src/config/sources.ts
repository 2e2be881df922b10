import { z } from "zod";
import { reasonOf } from "../errors.js";
import { COLOURS } from "../frames/counts.js";
import { IMAGE_ENDINGS } from "../frames/image-names.js";
import { namePattern } from "../frames/name-groups.js";
import { PLATE_FORMATS } from "../frames/wells.js";
import { BindAddress } from "./addresses.js";
import { Milliseconds } from "./numbers.js";
import { PathText } from "./path-text.js";

const ZeromqSource = z.strictObject({
  enabled: z.boolean().default(true).describe("Take frames over ZeroMQ."),
  address: BindAddress.default("tcp://127.0.0.1:5610").describe(
    "Where controllers connect. Loopback only; port 0 picks a free one.",
  ),
  maxFrameMib: z.int().min(1).max(2048).default(256).describe("Largest frame, MiB. A larger one is refused."),
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
  path: PathText.optional().describe("The folder, watched with all its subfolders. Needed if enabled."),
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
    .default(128)
    .describe(
      "Largest image, MiB; files of many pages may be larger. A larger image is an error. A PNG may have a third of it, a JPEG a sixth.",
    ),
  giveUpMs: Milliseconds.default(30_000).describe(
    "A file that has not changed for this long gets nothing more: what cannot be read is an error, what is zeros is an image, ms.",
  ),
});

/** Where frames come from. */
export const SourcesConfig = z
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
  });
type SourcesConfig = z.infer<typeof SourcesConfig>;

export type ZeromqSourceConfig = SourcesConfig["zeromq"];
export type FolderSourceConfig = SourcesConfig["folder"];
