import { z } from "zod";
import { HttpAddress } from "./addresses.js";

const Share = z.number().min(0).max(1);

const scope = (what: string, share: number) =>
  z
    .strictObject({
      share: Share.default(share).describe(
        `Share of the sites ${what} that may end badly, 0 to 1; 1: no alert.`,
      ),
      minSites: z.int().min(1).default(6).describe("No alert before so many sites have ended."),
    })
    .prefault({})
    .describe(`Sites ${what} that are out of focus, not recovered or not scored.`);

/** When to tell somebody. */
export const AlertsConfig = z.strictObject({
  webhook: HttpAddress.optional().describe(
    "Address that gets each alert as JSON {text}, as Slack takes it. If unset: log and page only.",
  ),
  timeoutMs: z.int().min(1).max(60_000).default(5000).describe("Longest wait for the webhook's answer, ms."),
  row: scope("of a plate's row", 0.5),
  plate: scope("of a plate", 0.2),
  hour: scope("of the last hour", 0.3),
  silentS: z
    .number()
    .min(0)
    .default(600)
    .describe(
      "No frame for this long during an acquisition, s; 0: no alert. Longer where it has paused for longer before.",
    ),
  blankSites: z
    .int()
    .min(0)
    .default(24)
    .describe(
      "Sites in a row of one channel with nothing to focus on, after one that had something; 0: no alert.",
    ),
  drift: z
    .strictObject({
      umPerHour: z
        .number()
        .min(0)
        .default(6)
        .describe("Steady drift of the plane of focus, um an hour, that is told; 0: no alert."),
      minSites: z.int().min(8).default(16).describe("No alert before so many sites have shown it."),
    })
    .prefault({})
    .describe("Focus that moves away with time, beyond the tilt of the plate."),
});
export type AlertsConfig = z.infer<typeof AlertsConfig>;
