import { describe, expect, test } from "vitest";
import { Answers } from "../../src/agent/answers.js";
import { type OpenFrame, OpenFrames } from "../../src/agent/open-frames.js";
import type { Answer } from "../../src/sources/source.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { frame } from "../refocus/helpers.js";
import { sleep } from "./helpers.js";

const DROP: Answer = { v: 1, type: "drop", id: "a", session: "s", why: "deadline" };

/** An answer that is to be given, and the order of what happens to it. */
function giving(msLeft: number, written: Promise<unknown> | undefined) {
  const clock = new ManualClock();
  const happened: string[] = [];
  const open: OpenFrame = new OpenFrames(clock).open(
    {
      ...{ source: "zeromq", header: frame({ mode: "observe" }), receivedMs: 0 },
      frame: { width: 1, height: 1, pixels: new Uint8Array(1) },
      answer: (answer) => happened.push(answer.type),
    },
    () => undefined,
  );
  const answers = new Answers(clock);
  answers.give(open, DROP, written, msLeft, () => happened.push("then"));
  void answers.allGiven().then(() => happened.push("all given"));
  return { clock, happened };
}

describe("an answer", () => {
  test("leaves at once where nothing has to be recorded", async () => {
    const { happened } = giving(1000, undefined);
    expect(happened).toEqual(["drop", "then"]);

    await sleep(0);
    expect(happened).toEqual(["drop", "then", "all given"]);
  });

  test("leaves once it is recorded, and only once", async () => {
    let recorded = () => {};
    const written = new Promise<void>((resolve) => {
      recorded = resolve;
    });
    const { clock, happened } = giving(1000, written);
    clock.advance(999);
    await sleep(0);
    expect(happened).toEqual([]);

    recorded();
    await sleep(0);
    expect(happened).toEqual(["drop", "then", "all given"]);
    clock.advance(1000);
    await sleep(0);
    expect(happened).toHaveLength(3);
  });

  test.each([
    [1000, 1000],
    [-5, 100],
    [99, 100],
  ])("with %i ms left waits %i ms for a disk that hangs", async (msLeft, waitMs) => {
    const { clock, happened } = giving(msLeft, new Promise(() => undefined));
    clock.advance(waitMs - 1);
    await sleep(0);
    expect(happened).toEqual([]);

    clock.advance(1);
    await sleep(0);
    expect(happened).toEqual(["drop", "then", "all given"]);
  });
});
