import { z } from "zod";
import { MAX_SIDE_PX } from "../frames/frame.js";

/** Major version of the protocol, the `v` of every message. */
export const PROTOCOL_VERSION = 1;

/** Time between two heartbeats, ms, either way. */
export const HEARTBEAT_MS = 1000;

/** Assumed when a `gate` frame names no `deadlineMs`. */
export const DEFAULT_DEADLINE_MS = 1000;

/** Longest accepted identifier or name, characters. */
export const MAX_NAME_LENGTH = 512;

export const Name = z.string().min(1).max(MAX_NAME_LENGTH);
export const Version = z.literal(PROTOCOL_VERSION);
export const Index = z.int().min(0);
export const SidePx = z.int().min(1).max(MAX_SIDE_PX);
/** Level of defocus on the continuous scale, 0 to 10. */
export const Level = z.number().min(0).max(10);
export const Fraction = z.number().min(0).max(1);

/** What a frame is; the same names as `Condition` of src/focus. */
export const ConditionName = z.enum(["in-focus", "defocused", "mixed", "blank", "unusable"]);

/** One stage position. `name` tells the sites of a plate apart; the rest places it on the plate. */
export const Site = z.object({
  /** Position name, unique on its plate within the session, as the controller calls it ("B03-Site_2"). */
  name: Name,
  plate: Name.optional(),
  /** Well name, "A01" to "AF48"; "A1" is the same well. */
  well: Name.optional(),
  /** Number of the site within its well, as the controller or the file counts. */
  index: Index.optional(),
  /** Row and column of the well on the plate, from 0. If missing, they follow from `well`. */
  row: Index.optional(),
  column: Index.optional(),
  /** Number of the position in the controller's plan, from 0: tells positions of one name apart. */
  position: Index.optional(),
});
export type Site = z.infer<typeof Site>;

/** The optics that took a frame. `wavelengthNm` is that of the emitted light. */
export const Optics = z.object({
  na: z.number().positive().max(2),
  wavelengthNm: z.number().positive().optional(),
  /** Of the immersion medium. If missing, assume 1 (air). */
  refractiveIndex: z.number().min(1).max(2).optional(),
  magnification: z.number().positive().optional(),
});
export type Optics = z.infer<typeof Optics>;

/** Why a controller ended a site by itself: it did not do what was asked, or had nothing judged. More may be added. */
export const ABANDON_REASONS = [
  "limits",
  "drive",
  "lock",
  "autofocus",
  "cancelled",
  "other",
  "unscored",
  "no-frame",
  "skipped",
] as const;
export type AbandonReason = (typeof ABANDON_REASONS)[number];

/** State of a hardware focus lock (PFS, CRISP, Definite Focus) when a frame was taken. */
export const FOCUS_LOCK_STATES = ["off", "engaged", "lost"] as const;

/** How the controller moves in spite of an engaged lock; `none`: it does not. */
export const FOCUS_LOCK_MOVES = ["none", "offset", "pause"] as const;

/** The model that answered. */
export const Model = z.object({ name: z.string(), sha256: z.string() });
