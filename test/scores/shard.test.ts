import { describe, expect, it } from "vitest";
import { isInShard, parseShard } from "../../src/scores/shard.js";

describe("shards", () => {
  it.each([2, 4, 7])("share files out, each to one of %i, about as many to each", (count) => {
    const names = Array.from({ length: 4000 }, (_, i) => `P1/P1_A01_s${i}_w1.tif`);
    const shards = Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
    const sizes = shards.map((shard) => names.filter((name) => isInShard(shard, name)).length);

    for (const name of names) expect(shards.filter((shard) => isInShard(shard, name)).length).toBe(1);
    for (const size of sizes) expect(Math.abs(size / (4000 / count) - 1)).toBeLessThan(0.15);
  });

  it.each(["0/4", "5/4", "1", "a/b", "1/0", "-1/4"])("are no %s", (text) => {
    expect(parseShard(text)).toBeUndefined();
  });
});
