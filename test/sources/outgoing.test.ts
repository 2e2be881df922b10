import { describe, expect, test } from "vitest";
import { Outgoing } from "../../src/sources/outgoing.js";
import { ManualClock } from "../helpers/manual-clock.js";

const ONE = "one";
const TWO = "two";

/** A door that is full until it is opened, or leads nowhere. */
function door() {
  const clock = new ManualClock();
  const state: { isFull: boolean; isGone: boolean } = { isFull: true, isGone: false };
  const sent: string[] = [];
  const gone: string[] = [];
  const lost: string[] = [];
  const outgoing = new Outgoing({
    clock,
    send: async (connection, text) => {
      if (state.isGone) throw Object.assign(new Error("nobody is there"), { code: "EHOSTUNREACH" });
      if (state.isFull) throw Object.assign(new Error("it is full"), { code: "EAGAIN" });
      sent.push(`${connection}: ${text}`);
    },
    onGone: (connection) => gone.push(connection),
    onLost: (connection) => lost.push(connection),
  });
  const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const passes = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { clock, state, sent, gone, lost, outgoing, settle, passes };
}

describe("what is said to controllers", () => {
  test("waits while a connection is full and follows in its order", async () => {
    const { outgoing, state, sent, settle, passes } = door();
    outgoing.send(ONE, "a");
    await settle();
    outgoing.send(ONE, "b");
    state.isFull = false;
    outgoing.send(ONE, "c");
    outgoing.send(TWO, "x");
    await passes(5);

    expect(sent).toEqual(["two: x", "one: a", "one: b", "one: c"]);
    expect(outgoing.bytes).toBe(0);
    outgoing.send(ONE, "d");
    expect(sent.at(-1)).toBe("one: d");
  });

  test("is tried again until there is room", async () => {
    const { outgoing, state, sent, settle, passes } = door();
    outgoing.send(ONE, "a");
    await settle();
    for (let i = 0; i < 5; i++) await passes(5);
    expect(sent).toEqual([]);
    state.isFull = false;
    await passes(5);

    expect(sent).toEqual(["one: a"]);
  });

  test("is let go where the controller is gone", async () => {
    const { outgoing, state, gone, settle, passes } = door();
    outgoing.send(ONE, "a");
    await settle();
    state.isGone = true;
    await passes(5);

    expect(gone).toEqual(["one"]);
    expect(outgoing.bytes).toBe(0);
  });

  test("is limited to 4 MiB for a controller and 64 MiB for all, and what is lost is told once", async () => {
    const { outgoing, lost, settle } = door();
    const mib = "x".repeat(2 ** 20);
    for (let i = 0; i < 6; i++) outgoing.send(ONE, mib);
    await settle();
    expect(outgoing.bytes).toBe(4 * 2 ** 20);
    expect(lost).toEqual(["one"]);

    for (let i = 0; i < 20; i++) for (let k = 0; k < 4; k++) outgoing.send(`more ${i}`, mib);
    await settle();
    expect(outgoing.bytes).toBe(64 * 2 ** 20);
    expect(new Set(lost).size).toBe(1 + 5);
  });

  test("still leaves when the agent stops, as far as there is time", async () => {
    const { outgoing, clock, state, sent, settle } = door();
    outgoing.send(ONE, "a");
    await settle();
    const stopped = outgoing.stop(20);
    await settle();
    state.isFull = false;
    for (let i = 0; i < 5; i++) {
      clock.advance(5);
      await settle();
    }
    await stopped;

    expect(sent).toEqual(["one: a"]);
  });
});
