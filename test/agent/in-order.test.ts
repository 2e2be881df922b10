import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { InOrder } from "../../src/agent/in-order.js";

describe("InOrder", () => {
  it("lets what takes longer come out before what was handed in later, a failure too", async () => {
    const inOrder = new InOrder();
    const ended: string[] = [];
    const tell = (name: string) => () => void ended.push(name);
    const slow = inOrder.after(setTimeout(30, "slow")).then(tell("slow"));
    const failing = inOrder.after(Promise.reject(new Error("no"))).catch(tell("failing"));
    const quick = inOrder.after(Promise.resolve("quick")).then(tell("quick"));
    const alone = new InOrder().after(Promise.resolve()).then(tell("alone"));
    await Promise.all([slow, failing, quick, alone]);
    expect(ended).toEqual(["alone", "slow", "failing", "quick"]);
  });
});
