import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytesIn,
  FrameMemory,
  holdFrame,
  receivedFrame,
  releaser,
  type SentFrame,
} from "../src/frame-memory.js";
import type { Frame } from "../src/frames/frame.js";

const filled = (width: number, height: number, value: number): Frame => ({
  ...{ width, height },
  pixels: new Uint16Array(width * height).fill(value),
});

describe("memory for frames that go to another thread", () => {
  test("holds the very frame, of 8 or 16 bits, wherever in a buffer it lies", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 3 }),
        fc.option(fc.integer({ min: 1, max: 16 }), { nil: undefined }),
        async (width, height, isBytes, offset, bitDepth) => {
          const room = Array.from({ length: width * height + offset }, (_, i) => (i * 37) % 251);
          const pixels = (isBytes ? Uint8Array.from(room) : Uint16Array.from(room)).subarray(offset);
          const frame = { width, height, pixels, ...(bitDepth !== undefined && { bitDepth }) };
          const memory = new FrameMemory();
          await memory.lend(filled(50, 50, 9), async () => undefined);
          const received = await memory.lend(frame, async (sent) => {
            const { pixels, ...rest } = receivedFrame(sent);
            return { ...rest, pixels: pixels.slice() };
          });
          expect(received).toEqual({ ...frame, pixels: pixels.slice() });
        },
      ),
      { numRuns: 50 },
    );
  });

  test("is used again after the answer, and not before", async () => {
    const memory = new FrameMemory();
    const sent: SentFrame[] = [];
    let answer: () => void = () => undefined;
    const first = memory.lend(filled(20, 10, 1), (frame) => {
      sent.push(frame);
      return new Promise<void>((resolve) => (answer = resolve));
    });
    await memory.lend(filled(20, 10, 2), async (frame) => void sent.push(frame));
    expect(receivedFrame(sent[0]!).pixels.every((value) => value === 1)).toBe(true);
    answer();
    await first;
    await memory.lend(filled(5, 10, 3), async (frame) => void sent.push(frame));

    expect(sent[1]!.memory).not.toBe(sent[0]!.memory);
    expect([sent[0]!.memory, sent[1]!.memory]).toContain(sent[2]!.memory);
  });

  test("comes back where the call fails", async () => {
    const memory = new FrameMemory();
    const used: SharedArrayBuffer[] = [];
    const failing = (sent: SentFrame) => {
      used.push(sent.memory);
      return Promise.reject(new Error("the thread ended"));
    };
    for (let i = 0; i < 3; i++) await expect(memory.lend(filled(9, 9, 0), failing)).rejects.toThrow("ended");
    expect(new Set(used).size).toBe(1);
  });

  test("calls at once, so that no later call comes before, and lets others go on while a huge frame is copied", async () => {
    const memory = new FrameMemory();
    const calls: string[] = [];
    const huge = memory.lend(filled(4096, 4096, 1), async () => void calls.push("huge"));
    const small = memory.lend(filled(10, 10, 1), async () => void calls.push("small"));
    expect(calls).toEqual(["small"]);
    await Promise.all([huge, small]);
    expect(calls).toEqual(["small", "huge"]);
  });

  test("goes on as it is where the frame lies in it, and stays for as long as anyone holds it", async () => {
    const memory = new FrameMemory();
    const { memory: first } = memory.copyOf(filled(20, 10, 7).pixels);
    const frame = receivedFrame({ width: 20, height: 10, dtype: "uint16", memory: first });
    const letGo = releaser(first);
    const letGoOfPicture = holdFrame(frame);
    const lent = await new FrameMemory().lend(frame, async (sent) => {
      letGo();
      letGo();
      expect(memory.copyOf(filled(20, 10, 8).pixels).memory).not.toBe(first);
      return sent.memory;
    });
    expect(lent).toBe(first);
    expect(memory.copyOf(filled(20, 10, 9).pixels).memory).not.toBe(first);
    expect(frame.pixels.every((count) => count === 7)).toBe(true);
    letGoOfPicture();
    expect(memory.copyOf(filled(20, 10, 10).pixels).memory).toBe(first);
    expect([...bytesIn(first, 2)]).toEqual([10, 0]);
  });

  test("is kept for the next large frame, however rare; over 64 MiB only for as long as there are any", () => {
    const memory = new FrameMemory();
    const small = filled(100, 100, 1).pixels;
    const large = filled(6000, 6000, 1).pixels;
    const taken = (pixels: Frame["pixels"]) => {
      const { memory: one } = memory.copyOf(pixels);
      releaser(one)();
      return one;
    };
    const rare = taken(filled(1000, 1000, 1).pixels);
    const huge = taken(large);
    expect(taken(small)).not.toBe(rare);
    for (let i = 0; i < 90; i++) taken(small);
    expect(taken(large)).toBe(huge);
    for (let i = 0; i < 110; i++) taken(small);
    expect(taken(large)).not.toBe(huge);
    expect(taken(filled(1000, 1000, 1).pixels)).toBe(rare);
  });
});
