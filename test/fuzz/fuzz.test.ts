import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { times } from "../helpers/campaign.js";
import { fuzz } from "./fuzz.js";
import type { Target } from "./target.js";
import { targets } from "./targets.js";

const NAMES = [
  "messages",
  "TIFF",
  "PNG",
  "NDTiff index",
  "OME-XML",
  "JSON of tags",
  "configuration",
  "records",
  "HTTP",
];
let all: Target[] = [];

beforeAll(async () => {
  all = await targets();
});

afterAll(() => Promise.all(all.map(({ stop }) => stop?.())));

describe("whatever comes is taken or refused within a second and 300 MiB", () => {
  test.each(NAMES)("as %s", async (name) => {
    const target = all.find((each) => each.name === name)!;

    await fuzz(target, { inputs: times(name === "configuration" ? 60 : 300, 20_000), seed: 1 });
  });

  test("of all targets", () => {
    expect(all.map(({ name }) => name)).toEqual(NAMES);
  });
});

describe("the fuzzer finds", () => {
  const corpus = [Buffer.from("an input that is right")];

  test("what throws, and makes it small", async () => {
    const take = (input: Uint8Array) => {
      if (input.includes(255)) throw new Error("not 255");
    };

    await expect(fuzz({ name: "some", corpus, take }, { inputs: 2000, seed: 1 })).rejects.toThrow("not 255");
  });

  test("what takes too much memory", async () => {
    const take = (input: Uint8Array) => {
      if (input.length < 10) new Uint8Array(60 * 2 ** 20).fill(1);
    };

    const limits = { inputs: 200, seed: 1, mostBytes: 40 * 2 ** 20 };
    const found = fuzz({ name: "some", corpus, take }, limits);
    await expect(found).rejects.toThrow(/takes \d+ MiB/);
  });
});
