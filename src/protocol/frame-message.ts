import { z } from "zod";
import { FOCUS_LOCK_MOVES, FOCUS_LOCK_STATES, Index, Name, Optics, SidePx, Site, Version } from "./common.js";

/** `gate`: the controller waits for the verdict. `observe`: it does not. */
export const MODES = ["gate", "observe"] as const;
export type Mode = (typeof MODES)[number];

/**
 * A hardware focus lock. While it is engaged `zUm` and moves are those of whatever `moves` names: with `offset` the
 * lock's own offset device, in um by the controller's scale, with `pause` the focus drive. With `none` no move is
 * asked for.
 */
export const FocusLock = z.object({
  device: Name.optional(),
  state: z.enum(FOCUS_LOCK_STATES),
  moves: z.enum(FOCUS_LOCK_MOVES),
});
export type FocusLock = z.infer<typeof FocusLock>;

/** The site, channel and time that come next, and where the plan has them. */
export const NextSite = z.object({
  site: Site,
  channel: Name.optional(),
  timeIndex: Index.optional(),
  xUm: z.number().optional(),
  yUm: z.number().optional(),
  /** Planned z, um. */
  zUm: z.number(),
});
export type NextSite = z.infer<typeof NextSite>;

/** Header of one image; its pixels follow as the second part of the message. */
export const FrameMessage = z.object({
  v: Version,
  type: z.literal("frame"),
  /** Unique among all frames of all sessions: made of session, site, channel, z, time and attempt. */
  id: Name,
  /** One run of one controller. */
  session: Name,
  /** Counts the frames of a session from 0; a gap means that frames were lost on the way. */
  sequence: Index,
  mode: z.enum(MODES),
  /** Time to answer a `gate` frame, ms, from its arrival at the agent. If missing, assume 1000. */
  deadlineMs: z.number().positive().max(3_600_000).optional(),
  dtype: z.enum(["uint8", "uint16"]),
  /** [height, width], px. */
  shape: z.tuple([SidePx, SidePx]),
  /** Significant bits of a pixel. If missing, assume all bits of `dtype`. */
  bitDepth: z.int().min(8).max(16).optional(),
  site: Site,
  /** Which acquisition of this site and channel this is: 0 is the planned one, k the k-th retry. */
  attempt: Index,
  channel: Name.optional(),
  timeIndex: Index.optional(),
  zIndex: Index.optional(),
  xUm: z.number().optional(),
  yUm: z.number().optional(),
  /** Position of the focus drive, um. If missing, moves are relative to an unknown z and z limits forbid them. */
  zUm: z.number().optional(),
  /** Whether `zUm` was read from the drive or is what it was told. If missing, assume `intended`. */
  zSource: z.enum(["measured", "intended"]).optional(),
  /** Where the controller lets the focus drive go, um. */
  zLimitsUm: z
    .tuple([z.number(), z.number()])
    .refine(([min, max]) => min <= max, "the lower limit is above the upper one")
    .optional(),
  /** Where the plan had this frame before any suggestion or retry, um. */
  plannedZUm: z.number().optional(),
  /** A hardware focus lock of this microscope. If missing, there is none. */
  focusLock: FocusLock.optional(),
  /**
   * One slice of a z-stack, number `zIndex`. All but the one acquired last are observed; that one is gated for all of
   * them or, in a stack that is only watched, observed and marked as `last`.
   */
  stack: z
    .object({
      /** Slices of the stack; missing where the controller does not know it yet. */
      size: z.int().min(2).max(10_000).optional(),
      last: z.boolean().optional(),
    })
    .optional(),
  /** What the controller images once this site is finished; the verdict then says where focus is expected there. */
  next: NextSite.optional(),
  /** Side of a pixel in the sample, um. */
  pixelUm: z.number().positive().optional(),
  exposureMs: z.number().min(0).optional(),
  optics: Optics.optional(),
  /** Wall clock of the acquisition, ms since 1970 UTC. */
  timestampMs: z.number().optional(),
  /** Anything else of the controller's; logged, not looked at. */
  meta: z.record(z.string(), z.unknown()).optional(),
});
export type FrameMessage = z.infer<typeof FrameMessage>;
