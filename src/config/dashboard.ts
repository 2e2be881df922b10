import { z } from "zod";

const previews = z.strictObject({
  enabled: z.boolean().default(true).describe("Keep pictures of the frames for the page."),
  maxPx: z
    .int()
    .min(84)
    .max(4096)
    .default(512)
    .describe("Longest side of a picture, px; a larger frame is averaged down to it."),
  perSecond: z
    .number()
    .positive()
    .default(1)
    .describe(
      "Most pictures a second of frames in focus and of empty ones while no page is open (20 while one is); others have one each.",
    ),
  keepMib: z
    .int()
    .min(1)
    .default(512)
    .describe("Disk for the pictures, MiB, in the folder previews of the results; the oldest go first."),
  holdMib: z
    .int()
    .min(0)
    .default(128)
    .describe(
      "With control: memory for the last frames as they came, MiB, so that one that is marked can be saved whole.",
    ),
});

/** The page that shows a run while it goes on, and the HTTP server behind it. */
export const DashboardConfig = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe("Serve the page; /metrics, /livez and /readyz are served on its port without it, too."),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(5612)
    .describe("Port on 127.0.0.1; 0 picks a free one. From elsewhere, use an SSH tunnel."),
  control: z
    .boolean()
    .default(false)
    .describe("Let the page pause gating, change thresholds and mark sites; it needs the token."),
  token: z
    .string()
    .min(16)
    .max(256)
    .optional()
    .describe("Secret that the page needs for control. If unset: a new one at each start, told in the log."),
  previews: previews.prefault({}).describe("Pictures of the frames."),
});
