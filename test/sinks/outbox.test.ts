import { describe, expect, test } from "vitest";
import { Outbox } from "../../src/sinks/outbox.js";
import { ManualClock } from "../helpers/manual-clock.js";

/** An outbox before something that refuses all while it is closed. */
function opened({ maxBytes = 1000, givesUp = false, delayMs = 0 } = {}) {
  const clock = new ManualClock();
  const receiver: { isClosed: boolean; batches: string[][] } = { isClosed: false, batches: [] };
  const firsts: boolean[] = [];
  const outbox = new Outbox({
    ...{ clock, maxBytes, delayMs, maxBatch: 3, pauseMs: () => (givesUp ? undefined : 100) },
    send: async (lines) => {
      if (receiver.isClosed) throw new Error("closed");
      receiver.batches.push([...lines]);
    },
    failed: (_, isFirst) => firsts.push(isFirst),
  });
  const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const passes = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { receiver, outbox, firsts, passes };
}

describe("an outbox", () => {
  test("keeps what is refused and sends it in batches, in its order, once it is taken", async () => {
    const { receiver, outbox, firsts, passes } = opened();
    receiver.isClosed = true;
    for (const line of ["a", "b", "c", "d", "e"]) void outbox.add(line);
    await passes(0);
    await passes(100);
    expect([outbox.isFailing, firsts]).toEqual([true, [true, false]]);
    receiver.isClosed = false;
    await passes(99);
    expect(receiver.batches).toEqual([]);
    await passes(1);

    expect(receiver.batches).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
    expect(outbox.counts()).toEqual({ written: 5, failures: 2, lost: 0 });
    expect(outbox.isFailing).toBe(false);
  });

  test("waits for more lines as long as it may", async () => {
    const { receiver, outbox, passes } = opened({ delayMs: 50 });
    void outbox.add("a");
    await passes(49);
    expect(receiver.batches).toEqual([]);
    await passes(1);
    for (const line of ["b", "c", "d"]) void outbox.add(line);
    await passes(0);

    expect(receiver.batches).toEqual([["a"], ["b", "c", "d"]]);
  });

  test("begins no other batch once the time for a stop is over", async () => {
    const clock = new ManualClock();
    const batches: string[][] = [];
    let taken: () => void = () => undefined;
    const outbox = new Outbox({
      ...{ clock, maxBytes: 1000, maxBatch: 2, pauseMs: () => 100, failed: () => undefined },
      send: (lines) => {
        batches.push([...lines]);
        return new Promise((done) => (taken = done));
      },
    });
    for (const line of ["a", "b", "c", "d", "e"]) void outbox.add(line);
    const stopping = outbox.stop(1000);
    await expect.poll(() => batches.length).toBe(1);
    clock.advance(999);
    taken();
    await expect.poll(() => batches.length).toBe(2);
    clock.advance(1);
    taken();

    expect(await stopping).toBe(1);
    expect(outbox.counts()).toMatchObject({ written: 4, lost: 1 });
    expect(batches.flat()).toEqual(["a", "b", "c", "d"]);
  });

  test("counts as lost what is over its limit, what is given up, and what is left when it stops", async () => {
    const over = opened({ maxBytes: 2 });
    over.receiver.isClosed = true;
    for (const line of ["a", "b", "c"]) void over.outbox.add(line);
    await over.passes(0);
    expect(over.outbox.counts().lost).toBe(1);

    const givingUp = opened({ givesUp: true });
    givingUp.receiver.isClosed = true;
    void givingUp.outbox.add("a");
    await givingUp.passes(0);
    expect(givingUp.outbox.counts()).toEqual({ written: 0, failures: 1, lost: 1 });

    const stopping = opened();
    stopping.receiver.isClosed = true;
    for (const line of ["a", "b"]) void stopping.outbox.add(line);
    await stopping.passes(0);
    expect(await stopping.outbox.stop()).toBe(2);
    await stopping.outbox.add("c");
    expect(stopping.outbox.counts()).toMatchObject({ written: 0, lost: 3 });
  });
});
