import { groupBy } from "./group-by.js";
import type { JudgedFrame } from "./judged-frame.js";
import { spearman } from "./metrics.js";

/** Fewer planes say nothing of an order. */
const FEWEST_PLANES = 3;

/** What a model says along a real focal stack. */
export interface StackJudgement {
  readonly stackId: string;
  readonly planes: number;
  /** Planes that show something unlike all that the model was trained on. */
  readonly unfamiliar: number;
  /** Rank correlation of the expected level with the distance from z = 0, -1 to 1. */
  readonly spearman: number;
  /** z of the plane with the lowest expected level, um, and that level. */
  readonly minimumZUm: number;
  readonly minimumLevel: number;
  /** [z, expected level] of each plane in rising order of z, um. */
  readonly curve: readonly (readonly [zUm: number, level: number])[];
}

/** Frames of which stack and z are known, stack by stack; z counts from the plane of focus. */
export function judgeStacks(frames: readonly JudgedFrame[]): StackJudgement[] {
  const planes = frames.flatMap(({ stackId, zUm, expectedLevel, unfamiliar }) =>
    stackId === undefined || zUm === undefined ? [] : [{ stackId, zUm, expectedLevel, unfamiliar }],
  );
  return [...groupBy(planes, ({ stackId }) => stackId)]
    .filter(([, stack]) => stack.length >= FEWEST_PLANES)
    .map(([stackId, stack]) => {
      const sharpest = stack.reduce((least, plane) =>
        plane.expectedLevel < least.expectedLevel ? plane : least,
      );
      return {
        stackId,
        planes: stack.length,
        unfamiliar: stack.filter(({ unfamiliar }) => unfamiliar).length,
        spearman: spearman(
          stack.map(({ expectedLevel }) => expectedLevel),
          stack.map(({ zUm }) => Math.abs(zUm)),
        ),
        minimumZUm: sharpest.zUm,
        minimumLevel: sharpest.expectedLevel,
        curve: stack
          .map(({ zUm, expectedLevel }): [number, number] => [zUm, expectedLevel])
          .sort(([a], [b]) => a - b),
      };
    });
}
