import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../src/protocol/clock.js";
import { withinTime } from "../../src/protocol/within-time.js";

/** Waits until it is called off. */
const forever = (signal: AbortSignal) => setTimeout(60_000, undefined, { signal });

test("gives what came in time", async () => {
  const { signal } = new AbortController();

  expect(await withinTime(1000, signal, systemClock, async () => 7)).toBe(7);
});

test("calls off what takes too long, and says how long it waited", async () => {
  const { signal } = new AbortController();

  await expect(withinTime(50, signal, systemClock, forever)).rejects.toMatchObject({
    cause: new Error("no answer within 0.05 s"),
  });
});

test("calls it off with the reason of whoever calls it off, before and while it is done", async () => {
  const left = new AbortController();
  const leaving = withinTime(60_000, left.signal, systemClock, forever);
  left.abort(new Error("the caller left"));

  await expect(leaving).rejects.toMatchObject({ cause: new Error("the caller left") });
  await expect(withinTime(60_000, left.signal, systemClock, forever)).rejects.toThrow("the caller left");
});
