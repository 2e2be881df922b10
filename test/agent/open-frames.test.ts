import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type OpenFrame, OpenFrames } from "../../src/agent/open-frames.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { frame } from "../refocus/helpers.js";
import { sleep } from "./helpers.js";

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

describe("the frame that closes a z-stack", () => {
  const closing = frame({ mode: "gate", session: "s", sequence: 3, stack: { size: 4 } });
  const others: Partial<FrameMessage>[] = [
    { mode: "observe", session: "s", sequence: 1, stack: { size: 4 } },
    { mode: "observe", session: "s", sequence: 2, stack: { size: 4 } },
    { mode: "observe", session: "other", sequence: 1, stack: { size: 4 } },
    { mode: "observe", session: "s", sequence: 4, stack: { size: 4 } },
    { mode: "observe", session: "s", sequence: 0 },
    { mode: "gate", session: "s", sequence: 0, stack: { size: 4 } },
  ];

  function opened(frames: OpenFrames) {
    const pixels = { width: 1, height: 1, pixels: new Uint8Array(1) };
    return others.map((fields) =>
      frames.open(
        {
          ...{ source: "zeromq", receivedMs: 0, answer: () => undefined },
          header: frame(fields),
          frame: pixels,
        },
        () => undefined,
      ),
    );
  }

  async function waitsFor(header: FrameMessage): Promise<number[]> {
    const frames = new OpenFrames(new ManualClock());
    const open = opened(frames);
    const { signal } = new AbortController();
    let isOver = false;
    void frames.slicesBefore(header, signal).then(() => {
      isOver = true;
    });
    const settled: number[] = [];
    for (const [i, each] of open.entries()) {
      await sleep(0);
      if (isOver) break;
      settled.push(i);
      frames.settle(each);
    }
    return settled;
  }

  test("waits for the earlier slices of its session, and for nothing else", async () => {
    expect(await waitsFor(closing)).toEqual([0, 1]);
  });

  test.each([
    ["a single plane", frame({ mode: "gate", session: "s", sequence: 3 })],
    ["a slice in the middle", frame({ mode: "observe", session: "s", sequence: 3, stack: { size: 4 } })],
  ])("is not %s, which waits for nothing", async (_, header) => {
    expect(await waitsFor(header)).toEqual([]);
  });

  test("is one that is watched, too", async () => {
    const watched = { ...closing, mode: "observe", stack: { size: 4, last: true } } as const;
    expect(await waitsFor(watched)).toEqual([0, 1]);
  });

  test("waits no longer once the agent is told to stop at once", async () => {
    const frames = new OpenFrames(new ManualClock());
    opened(frames);
    const forced = new AbortController();
    const waiting = frames.slicesBefore(closing, forced.signal);
    forced.abort();
    await waiting;
    await frames.slicesBefore(closing, forced.signal);
  });

  test("leaves nothing behind at a signal that lives as long as the agent", async () => {
    const frames = new OpenFrames(new ManualClock());
    const open = opened(frames);
    const { signal } = new AbortController();
    const waiting = frames.slicesBefore(closing, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    for (const each of open) frames.settle(each);
    await waiting;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
