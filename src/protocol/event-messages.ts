import { z } from "zod";
import { ABANDON_REASONS, Fraction, Index, Level, Name, Site, Version } from "./common.js";
import { Action, DECISIONS } from "./verdict-message.js";

/** Why a frame was not scored, or not in time. */
export const DROP_REASONS = ["superseded", "overload", "deadline", "shutdown"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A frame that gets no verdict though nothing is wrong with it. */
export const DropMessage = z.object({
  v: Version,
  type: z.literal("drop"),
  id: Name,
  session: Name,
  /** One of `superseded`, `overload`, `deadline`, `shutdown`; more may be added. */
  why: Name,
});
export type DropMessage = z.infer<typeof DropMessage>;

/** Something was wrong with a message or its frame. `id` is there when the frame could be told. */
export const ErrorMessage = z.object({
  v: Version,
  type: z.literal("error"),
  id: Name.optional(),
  session: Name.optional(),
  /**
   * `bad-json`, `bad-message`, `bad-parts`, `bad-length`, `unsupported-version`, `unreadable`, `unscorable`,
   * `scorer-failed`; more may be added.
   */
  code: Name,
  /** One sentence for people. */
  message: z.string(),
});
export type ErrorMessage = z.infer<typeof ErrorMessage>;

/** Whether refocusing a site helped. */
export const RECOVERED = ["yes", "no", "not-needed", "unknown"] as const;
export type Recovered = (typeof RECOVERED)[number];

/**
 * Why a site ended. `sharp`; `blank`, `uncertain`, `mixed`, `unusable`: cannot be judged; `budget`: the retries are
 * spent; `limits`: of z or travel; `no-better`: no other z is likely to be sharper; `between-slices`: focus lies
 * between the slices of the stack; `cool-down`; `dry-run`; `unfinished`: no more frames came; the rest as in `abandon`.
 */
export const SITE_ENDS = [
  "sharp",
  "blank",
  "uncertain",
  "mixed",
  "unusable",
  "budget",
  "no-better",
  "between-slices",
  "cool-down",
  "dry-run",
  "unfinished",
  ...ABANDON_REASONS,
] as const;
export type SiteEndReason = (typeof SITE_ENDS)[number];

/** What became of one site and channel that was gated, once no more frames of it are expected. */
export const OutcomeMessage = z.object({
  v: Version,
  type: z.literal("outcome"),
  session: Name,
  site: Site,
  channel: Name.optional(),
  timeIndex: Index.optional(),
  /** Of the stage, um, if the controller reports them. */
  xUm: z.number().optional(),
  yUm: z.number().optional(),
  recovered: z.enum(RECOVERED),
  /** The last decision for this site; `retry` if no frame came after it. */
  decision: z.enum(DECISIONS),
  /** Frames that were judged. */
  attempts: z.int().min(1),
  /** Expected level of the first frame and of the one to keep. */
  levelBefore: Level,
  levelAfter: Level,
  /** Z of the first frame and of the one to keep, um, if the controller reports z. */
  zBeforeUm: z.number().optional(),
  zAfterUm: z.number().optional(),
  /** Path of the focus drive, um, the way back included. */
  travelUm: z.number().min(0),
  /** The frame to keep. */
  keepId: Name,
  keepAttempt: Index,
  /** The actions in the order they were asked for. */
  actions: z.array(Action),
  /** What the frames showed: where each was taken, um, and its expected level. For a z-stack, its sharpest slice. */
  tried: z.array(z.object({ attempt: Index, zUm: z.number().optional(), level: Level })),
  /** Why the site ended: one of `SITE_ENDS`; more may be added. */
  why: Name,
  reason: z.string(),
});
export type OutcomeMessage = z.infer<typeof OutcomeMessage>;

/** What a person thinks of a site's focus. */
export const MARKS = ["fine", "bad"] as const;
export type Mark = (typeof MARKS)[number];

/** Thresholds of a verdict. */
export const RuleValues = z.object({
  /** Accepted at or below this expected level, 0 to 10. */
  maxLevel: Level,
  /** Not judged below this aggregate certainty, 0 to 1. */
  minCertainty: Fraction,
});
export type RuleValues = z.infer<typeof RuleValues>;

/** What a person changed while the agent ran. */
export const Change = z.discriminatedUnion("what", [
  /** Whether gated frames may lead to actions; off is as `policy.dryRun`. */
  z.object({ what: z.literal("gating"), on: z.boolean() }),
  /** Thresholds, of one channel or of all that have none of their own; until the agent ends. */
  z.object({
    what: z.literal("rules"),
    channel: Name.optional(),
    before: RuleValues,
    after: RuleValues,
  }),
  /** A judgement of a site by eye; the last one counts. `image`: the file that was kept of its frame, if any. */
  z.object({
    what: z.literal("label"),
    site: Site,
    channel: Name.optional(),
    timeIndex: Index.optional(),
    frameId: Name,
    mark: z.enum(MARKS),
    image: z.string().optional(),
  }),
]);
export type Change = z.infer<typeof Change>;

/** Somebody changed something by hand. `session` is the run it concerns; without it, the agent as a whole. */
export const ChangeMessage = z.object({
  v: Version,
  type: z.literal("change"),
  session: Name.optional(),
  /** Where the change came from: `dashboard`. */
  by: Name,
  change: Change,
  /** One sentence for people. */
  message: z.string(),
});
export type ChangeMessage = z.infer<typeof ChangeMessage>;

/** Something that a person should look at has begun or is over. */
export const AlertMessage = z.object({
  v: Version,
  type: z.literal("alert"),
  session: Name.optional(),
  /** What is wrong: `row-failures`, `plate-failures`, `hour-failures`, `no-frames`, `drift`, `blank-sites`; more may be added. */
  alert: Name,
  state: z.enum(["raised", "cleared"]),
  /** One sentence for people. */
  message: z.string(),
});
export type AlertMessage = z.infer<typeof AlertMessage>;
