import type { FrameMessage, SiteEndReason } from "../protocol/messages.js";
import { type SiteSearch, signed } from "./site-search.js";
import { CHANGED_NOTHING, hasResponded } from "./unresponsive-drive.js";

/** Something that forbids a retry, and its words. */
export interface Obstacle {
  readonly why: SiteEndReason;
  readonly words: string;
}

/** A move counts as not made if the drive reports less than this share of it. */
const STUCK_SHARE = 0.2;

/** What a retry would follow. */
interface Tried {
  readonly frame: FrameMessage;
  readonly search: SiteSearch;
  /** Searches of this channel in a row in which moving changed nothing. */
  readonly unresponsive: number;
}

/** What forbids a retry, in words. */
export function obstacleTo({ frame, search, unresponsive }: Tried): Obstacle | undefined {
  const lock = lockObstacle(frame);
  if (lock !== undefined) return lock;
  if (search.samples.length === 1) return undefined;
  if (unresponsive > 0 && !hasResponded(search.samples)) {
    const words = `at the last ${unresponsive} sites, too, ${CHANGED_NOTHING}`;
    return { why: "cool-down", words };
  }
  return frame.stack === undefined ? stuckDrive(search, frame) : undefined;
}

/** What forbids a move: what forbids a retry, and limits where nobody knows how near they are. */
export function obstacleToMove(
  tried: Tried,
  zLimitsUm: readonly [number, number] | undefined,
): Obstacle | undefined {
  const obstacle = obstacleTo(tried);
  if (obstacle !== undefined || zLimitsUm === undefined || tried.frame.zUm !== undefined) return obstacle;
  return { why: "drive", words: "no move: there are z limits, but the frame does not report z" };
}

/** A focus lock that no move may be made with. */
export function lockObstacle({ focusLock }: FrameMessage): Obstacle | undefined {
  if (focusLock?.state === "lost") return { why: "lock", words: "the focus lock was lost, nothing is moved" };
  if (focusLock?.state === "engaged" && focusLock.moves === "none") {
    return { why: "lock", words: "a focus lock is engaged and the controller has no way to move with it" };
  }
  return undefined;
}

/** A drive that twice did not go where it was told will not the third time. */
function stuckDrive({ samples, actions }: SiteSearch, frame: FrameMessage): Obstacle | undefined {
  if (frame.zSource !== "measured") return undefined;
  const stuck = actions.map((action, i) => {
    const movedUm = (samples[i + 1]?.zUm ?? Number.NaN) - samples[i]!.zUm;
    return action.kind === "move-z" && Math.abs(movedUm) < STUCK_SHARE * Math.abs(action.byUm);
  });
  if (!stuck.at(-1) || !stuck.at(-2)) return undefined;
  const action = actions.at(-1);
  const asked = action?.kind === "move-z" ? signed(action.byUm) : "";
  const movedUm = samples.at(-1)!.zUm - samples.at(-2)!.zUm;
  return {
    why: "drive",
    words: `the focus drive does not move as told (asked ${asked} um, moved ${movedUm.toFixed(2)} um)`,
  };
}
