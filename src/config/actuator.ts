import { z } from "zod";
import { ZLimits } from "./z-limits.js";

const Milliseconds = z.int().min(1).max(86_400_000);

const MicroManager = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      "When a file of the folder source is blurred, pause the acquisition of a Micro-Manager on this machine, refocus where it stands, and let it go on.",
    ),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(4827)
    .describe("Port of its server (Tools > Options > Run server on port)."),
  zLimitsUm: ZLimits.optional().describe(
    "Lowest and highest z of the focus drive, um, [min, max]. Needed if enabled; those of policy hold as well.",
  ),
  cooldownMs: Milliseconds.default(60_000).describe("Shortest time from one refocusing to the next, ms."),
  maxAgeMs: Milliseconds.default(60_000).describe(
    "Files that were last changed longer ago than this lead to nothing, ms: the sample has moved on.",
  ),
  timeoutMs: Milliseconds.default(10_000).describe("Longest wait for an answer of Micro-Manager, ms."),
  autofocusTimeoutMs: Milliseconds.default(60_000).describe(
    "Longest wait for its autofocus (policy.retryWith: autofocus), ms.",
  ),
});

/** What the agent drives itself, where no controller asks it. */
export const Actuator = z.strictObject({
  micromanager: MicroManager.prefault({})
    .refine((micromanager) => !micromanager.enabled || micromanager.zLimitsUm !== undefined, {
      path: ["zLimitsUm"],
      message: "is needed because the actuator is enabled",
    })
    .describe("Micro-Manager through its own server (docs/micromanager-server.md)."),
});
