import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ScoringThread } from "../../src/agent/scoring/scoring-thread.js";
import { isParfocalError } from "../../src/errors.js";
import { Scorer } from "../../src/focus/scorer.js";
import type { Frame } from "../../src/frames/frame.js";

const options = { device: "cpu", sharesCores: true } as const;

function pattern(width: number, height: number, of: Uint8ArrayConstructor | Uint16ArrayConstructor): Frame {
  const pixels = new of(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 7919) % 251;
  return { width, height, pixels };
}

let thread: ScoringThread;
beforeAll(async () => {
  thread = await ScoringThread.load(options);
});
afterAll(() => thread.dispose());

describe("a scoring thread", () => {
  test.each([
    ["uint8", pattern(131, 100, Uint8Array)],
    ["uint16", pattern(300, 200, Uint16Array)],
    ["uint16, larger", pattern(2500, 2000, Uint16Array)],
  ])("says of a frame of %s what the scorer says, and leaves its pixels where they are", async (_, frame) => {
    const scorer = await Scorer.load(options);

    expect(await thread.score(frame)).toEqual(await scorer.score(frame));
    expect(frame.pixels.length).toBe(frame.width * frame.height);
    await scorer.dispose();
  });

  test("leaves the thread that calls free, and scores a small frame between the strips of a large one", async () => {
    const large = pattern(8192, 4096, Uint16Array);
    const ended: string[] = [];
    let turns = 0;
    const ticking = setInterval(() => void turns++, 1);

    const scoring = thread.score(large, { coverage: "full" }).then(() => ended.push("large"));
    await thread.score(pattern(100, 100, Uint8Array)).then(() => ended.push("small"));
    await scoring;
    clearInterval(ticking);

    expect(ended).toEqual(["small", "large"]);
    // On the thread that computes there is one turn a strip, 76 in all.
    expect(turns).toBeGreaterThan(200);
  });

  test("stops in the middle of a large frame when it is called off", async () => {
    const calling = new AbortController();
    const ended: string[] = [];
    const off = thread
      .score(pattern(8192, 8192, Uint16Array), { signal: calling.signal, coverage: "full" })
      .catch((error: unknown) => ended.push((error as Error).name));
    const whole = thread
      .score(pattern(8192, 4096, Uint16Array), { coverage: "full" })
      .then(() => ended.push("whole"));
    calling.abort();
    await Promise.all([off, whole]);

    expect(ended).toEqual(["AbortError", "whole"]);
  });

  test("passes on what is wrong with a frame under its tag", async () => {
    const scoring = thread.score({ width: 10, height: 10, pixels: new Uint8Array(100) });

    await expect(scoring).rejects.toSatisfy((error) => isParfocalError(error, "FrameShapeError"));
    await expect(scoring).rejects.toThrow("smaller than one");
  });
});

test("a model that is missing is told, and no thread stays", async () => {
  const loading = ScoringThread.load({ ...options, model: "/nowhere" });

  await expect(loading).rejects.toSatisfy((error) => isParfocalError(error, "ModelError"));
});
