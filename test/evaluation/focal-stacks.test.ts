import { expect, test } from "vitest";
import { judgeStacks } from "../../src/evaluation/focal-stacks.js";
import type { JudgedFrame } from "../../src/evaluation/judged-frame.js";

const plane = (stackId: string | undefined, zUm: number | undefined, expectedLevel: number) =>
  ({ stackId, zUm, expectedLevel, unfamiliar: expectedLevel > 3 }) as JudgedFrame;

test("a stack says how its levels rise with the distance from focus, where they are lowest, and how many are unfamiliar", () => {
  const planes = [
    plane("a", 4, 3),
    plane("b", 0, 1),
    plane("a", -2, 0.5),
    plane("a", 0, 1),
    plane("a", -6, 4),
  ];
  const [stack, ...others] = judgeStacks([...planes, plane(undefined, 1, 1), plane("b", undefined, 1)]);
  expect(others).toEqual([]);
  expect(stack).toEqual({
    ...{ stackId: "a", planes: 4, unfamiliar: 1, minimumZUm: -2, minimumLevel: 0.5 },
    spearman: expect.closeTo(0.8, 12) as number,
    curve: [
      [-6, 4],
      [-2, 0.5],
      [0, 1],
      [4, 3],
    ],
  });
});
