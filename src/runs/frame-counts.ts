import type { FrameRow } from "../records/rows.js";

const COUNTED = { accept: "accepted", retry: "retried", flag: "flagged", abstain: "abstained" } as const;
type Counted = (typeof COUNTED)[keyof typeof COUNTED] | "unscored";

/** How the frames of a run ended. One that was sent again counts once; slices of z-stacks count as frames only. */
export class FrameCounts {
  frames = 0;
  accepted = 0;
  retried = 0;
  flagged = 0;
  abstained = 0;
  unscored = 0;

  /** @param before how it had ended before, if it was counted already. */
  count(frame: FrameRow, before: Pick<FrameRow, "end" | "decision"> | undefined): void {
    if (before === undefined) this.frames++;
    if (frame.isSlice) return;
    if (before !== undefined) this[endOf(before)]--;
    this[endOf(frame)]++;
  }
}

function endOf({ end, decision }: Pick<FrameRow, "end" | "decision">): Counted {
  return end === "verdict" && decision !== undefined ? COUNTED[decision] : "unscored";
}
