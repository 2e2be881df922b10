import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameQueue, LARGE_PX, type Queued } from "../../src/agent/frame-queue.js";

interface Item extends Queued {
  readonly name: string;
}

const small = { pixels: new Uint8Array(10) };
const large = { pixels: new Uint8Array(LARGE_PX + 1) };
const item = (mode: "gate" | "observe", session: string, name: string, frame = small): Item => ({
  header: { mode, session },
  frame,
  name,
});
const slice = (session: string, name: string): Item => ({
  header: { mode: "observe", session, stack: { size: 9 } },
  frame: small,
  name,
});
const names = (dropped: { item: Item; why: string }[]) =>
  dropped.map(({ item: { name }, why }) => `${name} ${why}`);

describe("the queue", () => {
  test("gives gated frames before observed ones, each in order", async () => {
    const queue = new FrameQueue<Item>({ size: 9, observePerController: 9, bytes: 1e9 });
    queue.push(item("observe", "a", "o1"));
    queue.push(item("gate", "b", "g1"));
    queue.push(item("observe", "a", "o2"));
    queue.push(item("gate", "c", "g2"));

    const order = [];
    for (let i = 0; i < 4; i++) order.push((await queue.take("small"))?.name);

    expect(order).toEqual(["g1", "g2", "o1", "o2"]);
  });

  test("keeps the newest observed frames of each controller", () => {
    const queue = new FrameQueue<Item>({ size: 9, observePerController: 2, bytes: 1e9 });
    const dropped = ["1", "2", "3"].flatMap((n) => queue.push(item("observe", "a", n)));

    expect(names([...dropped, ...queue.push(item("observe", "b", "4"))])).toEqual(["1 superseded"]);
  });

  test("keeps one gated frame of a controller, the newest", () => {
    const queue = new FrameQueue<Item>({ size: 9, observePerController: 2, bytes: 1e9 });
    queue.push(item("gate", "a", "1"));

    expect(names(queue.push(item("gate", "a", "2")))).toEqual(["1 superseded"]);
  });

  test("when full drops the oldest observed frame, and a gated one only where all are gated", () => {
    const queue = new FrameQueue<Item>({ size: 2, observePerController: 2, bytes: 1e9 });
    queue.push(item("observe", "a", "o1"));
    queue.push(item("observe", "b", "o2"));

    expect(names(queue.push(item("gate", "c", "g1")))).toEqual(["o1 overload"]);
    expect(names(queue.push(item("gate", "d", "g2")))).toEqual(["o2 overload"]);
    expect(names(queue.push(item("observe", "e", "o3")))).toEqual(["o3 overload"]);
    expect(names(queue.push(item("gate", "e", "g3")))).toEqual(["g3 overload"]);
  });

  test("keeps the slices of a z-stack in order before the gated frame that closes it", async () => {
    const queue = new FrameQueue<Item>({ size: 9, observePerController: 1, bytes: 1e9 });
    for (const name of ["s1", "s2", "s3"]) queue.push(slice("a", name));
    queue.push(item("observe", "a", "o1"));

    expect(
      names(queue.push({ ...item("gate", "a", "g"), header: { ...slice("a", "").header, mode: "gate" } })),
    ).toEqual([]);
    const order = [];
    for (let i = 0; i < 5; i++) order.push((await queue.take("small"))?.name);
    expect(order).toEqual(["s1", "s2", "s3", "g", "o1"]);
  });

  test("when full drops a slice before the gated frame, and an observed frame before a slice", () => {
    const queue = new FrameQueue<Item>({ size: 2, observePerController: 2, bytes: 1e9 });
    queue.push(item("observe", "a", "o1"));
    queue.push(slice("a", "s1"));

    expect(names(queue.push(slice("a", "s2")))).toEqual(["o1 overload"]);
    expect(names(queue.push(slice("a", "s3")))).toEqual(["s3 overload"]);
    expect(names(queue.push(item("gate", "a", "g")))).toEqual(["s1 overload"]);
  });

  test("when the bytes are used up drops the oldest observed frames, and lets nothing be driven out in vain", async () => {
    const queue = new FrameQueue<Item>({ size: 9, observePerController: 9, bytes: 45 });
    queue.push(item("gate", "a", "in work"));
    const taken = await queue.take("small");
    for (const name of ["o1", "o2", "o3"]) queue.push(item("observe", "a", name));
    const wide = { pixels: new Uint8Array(25) };
    const tooWide = { pixels: new Uint8Array(40) };

    expect(names(queue.push(item("gate", "b", "vain", tooWide)))).toEqual(["vain overload"]);
    expect(queue.bytes).toBe(40);
    expect(names(queue.push(item("gate", "b", "g", wide)))).toEqual(["o1 overload", "o2 overload"]);
    queue.release(taken!);
    expect(queue.bytes).toBe(35);
    queue.clear();
    expect(queue.bytes).toBe(0);
  });

  test("gives a small frame to its lane while a large one waits, and counts what a waiting taker gets at once", async () => {
    const queue = new FrameQueue<Item>({ size: 9, observePerController: 9, bytes: 1e9 });
    queue.push(item("gate", "a", "large", large));
    queue.push(item("observe", "b", "small"));

    expect((await queue.take("small"))?.name).toBe("small");
    const next = queue.take("small");
    queue.push(item("observe", "b", "at once"));
    expect((await next)?.name).toBe("at once");
    expect((await queue.take("large"))?.name).toBe("large");
    expect(queue.bytes).toBe(large.pixels.length + 20);
  });

  test("when closed gives what it holds and takes no more", async () => {
    const queue = new FrameQueue<Item>({ size: 2, observePerController: 2, bytes: 1e9 });
    const waiting = queue.take("small");
    queue.push(item("gate", "a", "1"));
    queue.push(item("gate", "a", "2"));
    queue.close();

    expect((await waiting)?.name).toBe("1");
    expect(names(queue.push(item("gate", "a", "3")))).toEqual(["3 shutdown"]);
    expect((await queue.take("small"))?.name).toBe("2");
    expect(await queue.take("small")).toBeUndefined();
  });

  test("loses no frame: each is still there or was given back", () => {
    const mode = fc.constantFrom("gate" as const, "observe" as const);
    const pushes = fc.array(fc.tuple(mode, fc.constantFrom("a", "b", "c")), { maxLength: 60 });
    fc.assert(
      fc.property(
        pushes,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        (frames, size, own) => {
          const queue = new FrameQueue<Item>({ size, observePerController: own, bytes: 1e9 });
          const seen = frames.flatMap(([kind, session], index) => {
            const dropped = queue.push(item(kind, session, `${index}`));
            expect(queue.length).toBeLessThanOrEqual(size);
            return dropped.map((drop) => drop.item.name);
          });

          const all = [...seen, ...queue.clear().map(({ name }) => name)].map(Number);
          expect(all.sort((x, y) => x - y)).toEqual(frames.map((_, index) => index));
        },
      ),
    );
  });
});
