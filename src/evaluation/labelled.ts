import type { JudgedFrame } from "./judged-frame.js";
import { areaUnderCurve, fScore } from "./metrics.js";

/** How the condition and the level agree with labels. */
export interface JudgedLabels {
  readonly inFocus: number;
  readonly outOfFocus: number;
  /** Of the condition `in-focus`; undefined where no frame is in focus. */
  readonly fScore: number | undefined;
  /** Of the expected level; undefined where frames of one label are missing. */
  readonly areaUnderCurve: number | undefined;
  /** Shares of each label that are judged so; undefined where there are none. */
  readonly inFocusAccepted: number | undefined;
  readonly outOfFocusRefused: number | undefined;
}

/** Undefined where no frame has a label. */
export function judgeLabels(frames: readonly JudgedFrame[]): JudgedLabels | undefined {
  const [inFocus, outOfFocus] = [labelled(frames, "in"), labelled(frames, "out")];
  if (inFocus.length + outOfFocus.length === 0) return undefined;
  const share = (of: readonly JudgedFrame[], holds: (frame: JudgedFrame) => boolean) =>
    of.length > 0 ? of.filter(holds).length / of.length : undefined;
  const pairs = [...inFocus, ...outOfFocus].map((frame) => ({
    actual: frame.label === "in",
    judged: isJudgedInFocus(frame),
  }));
  const levels = (of: readonly JudgedFrame[]) => of.map(({ expectedLevel }) => expectedLevel);
  const hasBoth = inFocus.length > 0 && outOfFocus.length > 0;
  return {
    inFocus: inFocus.length,
    outOfFocus: outOfFocus.length,
    fScore: inFocus.length > 0 ? fScore(pairs) : undefined,
    areaUnderCurve: hasBoth ? areaUnderCurve(levels(outOfFocus), levels(inFocus)) : undefined,
    inFocusAccepted: share(inFocus, isJudgedInFocus),
    outOfFocusRefused: share(outOfFocus, (frame) => !isJudgedInFocus(frame)),
  };
}

export function isJudgedInFocus({ condition }: Pick<JudgedFrame, "condition">): boolean {
  return condition === "in-focus";
}

/** Frames that were judged otherwise than labelled, a line each. */
export function labelErrors(frames: readonly JudgedFrame[]): string[] {
  const wrong = [
    ...labelled(frames, "in").filter((frame) => !isJudgedInFocus(frame)),
    ...labelled(frames, "out").filter(isJudgedInFocus),
  ];
  return wrong.map(
    ({ file, label, condition, expectedLevel }) =>
      `${file}: labelled ${label}, judged ${condition}, expected level ${expectedLevel.toFixed(2)}`,
  );
}

function labelled(frames: readonly JudgedFrame[], wanted: "in" | "out"): JudgedFrame[] {
  return frames.filter(({ label }) => label === wanted);
}
