import { describe, expect, test } from "vitest";
import { type OpenFrame, OpenFrames } from "../../src/agent/open-frames.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { frame } from "../refocus/helpers.js";

function opened(fields: Partial<FrameMessage>, laterMs = 0) {
  const clock = new ManualClock();
  const frames = new OpenFrames(clock);
  const overdue: OpenFrame[] = [];
  clock.advance(laterMs);
  const open = frames.open(
    {
      source: "zeromq",
      header: frame(fields),
      frame: { width: 1, height: 1, pixels: new Uint8Array(1) },
      ...{ receivedMs: 0, answer: () => undefined },
    },
    (each) => overdue.push(each),
  );
  return { clock, frames, open, overdue };
}

describe("a frame that waits for its answer", () => {
  test("has what is left of its deadline since it arrived", () => {
    const { clock, frames, open, overdue } = opened({ mode: "gate", deadlineMs: 500 }, 100);
    expect(frames.msLeft(open)).toBe(400);

    clock.advance(399);
    expect([frames.isOverdue(open), overdue]).toEqual([false, []]);
    clock.advance(1);
    expect(overdue).toEqual([open]);
    clock.advance(1);
    expect([frames.isOverdue(open), frames.msLeft(open)]).toEqual([true, -1]);
  });

  test("is never overdue where nobody waits for it", () => {
    const { clock, frames, open, overdue } = opened({ mode: "observe", deadlineMs: 500 });
    clock.advance(10_000);

    expect([frames.isOverdue(open), overdue]).toEqual([false, []]);
  });

  test("has no deadline any more once it is settled", async () => {
    const { clock, frames, open, overdue } = opened({ mode: "gate", deadlineMs: 500 });
    frames.settle(open);
    clock.advance(1000);

    await open.isDone;
    expect([overdue, frames.all()]).toEqual([[], []]);
  });
});
