import { z } from "zod";
import { ABANDON_REASONS, Index, Model, Name, Site, Version } from "./common.js";

/** First message of a controller. Not needed before a frame, but it tells who is there. */
export const HelloMessage = z.object({
  v: Version,
  type: z.literal("hello"),
  session: Name,
  controller: z.object({ name: Name, version: Name.optional(), host: Name.optional() }),
});
export type HelloMessage = z.infer<typeof HelloMessage>;

/** Answer to `hello`: who answers, with which model, and how much may be sent. */
export const WelcomeMessage = z.object({
  v: Version,
  type: z.literal("welcome"),
  session: Name,
  agent: z.object({ name: Name, version: Name }),
  model: Model,
  limits: z.object({
    /** Largest side of a frame, px. */
    maxSidePx: z.int().positive(),
    /** Largest frame, bytes; a larger message closes the connection. */
    maxFrameBytes: z.int().positive(),
    /** `gate` frames that one controller may have unanswered. */
    gateInFlight: z.int().positive(),
  }),
  heartbeatMs: z.number().positive(),
});
export type WelcomeMessage = z.infer<typeof WelcomeMessage>;

/** Sent every second both ways. */
export const HeartbeatMessage = z.object({
  v: Version,
  type: z.literal("heartbeat"),
  session: Name.optional(),
  timestampMs: z.number(),
  /** From the agent: frames waiting. */
  queued: Index.optional(),
  /** From a controller: whether an acquisition runs, so that one that stops is told from one that is over. */
  acquiring: z.boolean().optional(),
});
export type HeartbeatMessage = z.infer<typeof HeartbeatMessage>;

/**
 * A controller ends a site by itself with the frames it has: it does not do what a verdict asked for, or there is
 * nothing to judge, which the agent cannot see. A site under search then gets its `outcome`.
 */
export const AbandonMessage = z.object({
  v: Version,
  type: z.literal("abandon"),
  session: Name,
  site: Site,
  channel: Name.optional(),
  timeIndex: Index.optional(),
  /** Of the stage, um: where other sites have the same name and no `position`. */
  xUm: z.number().optional(),
  yUm: z.number().optional(),
  /**
   * `limits`: a move would leave the limits; `drive`: the drive refused or z is unknown; `lock`: a focus lock forbids
   * it or did not come back; `autofocus`: it failed; `cancelled`; `other`; `unscored`: no verdict came in time;
   * `no-frame`: the camera gave none; `skipped`: the site was not imaged.
   */
  why: z.enum(ABANDON_REASONS).catch("other"),
  /** With `unscored`: the gated frame that got no verdict in time. One that was recorded all the same was not used. */
  frameId: Name.optional(),
  /** A user ended the run: whatever is missing raises no alert. */
  cancelled: z.boolean().optional(),
  /** One sentence for people. */
  reason: z.string(),
});
export type AbandonMessage = z.infer<typeof AbandonMessage>;

/** The sender goes away. After the agent's, a controller goes on without verdicts until the next `welcome`. */
export const ByeMessage = z.object({
  v: Version,
  type: z.literal("bye"),
  session: Name.optional(),
  reason: z.string().optional(),
});
export type ByeMessage = z.infer<typeof ByeMessage>;
