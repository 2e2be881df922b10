import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { sleep, temporaryFolder, until } from "../agent/helpers.js";
import { follow } from "./follow.js";

const PYTHON = join(import.meta.dirname, "../../bridges/pycromanager/.venv/bin/python");
const WRITER = join(import.meta.dirname, "write-zarr.py");
const STORES = join(import.meta.dirname, "../fixtures/zarr");
const PLANES = 6;

/** A program that writes a store, plane by plane. */
function writer(kind: string, store: string) {
  const child = spawn(PYTHON, [WRITER, kind, store], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  let said = "";
  child.stdout.on("data", (text: Buffer) => {
    said += text.toString();
  });
  return {
    child,
    async put(n: number) {
      child.stdin.write("\n");
      await until(() => said.includes(`${n}\n`));
    },
    async end() {
      child.stdin.write("end\n");
      await until(() => said.includes("end"));
    },
  };
}

const inOrder = (values: readonly (number | undefined)[]) => values.toSorted((a, b) => a! - b!);

const known = existsSync(PYTHON)
  ? (JSON.parse(spawnSync(PYTHON, [WRITER, "", ""], { encoding: "utf8" }).stdout) as string[])
  : [];

describe.skipIf(known.length === 0)("an OME-Zarr that is being written", () => {
  // These write what tells of a plane with the planes that follow, or with the shard that it is in.
  const isLate = (kind: string) => kind.startsWith("acquire-zarr");

  test.each(known.filter((kind) => kind !== "pymmcore-plus"))(
    "by %s gives each plane once, while the next ones are taken",
    async (kind) => {
      const folder = await temporaryFolder();
      const { values, problems, headers } = await follow(folder, { giveUpMs: 600_000, stableMs: 600_000 });
      const { put, end } = writer(kind, join(folder, "run.ome.zarr"));
      for (let n = 1; n <= PLANES; n++) {
        await put(n);
        // The next plane is only written when this one was answered.
        if (!isLate(kind)) await until(() => values().length === n);
      }
      await end();
      await until(() => values().length === PLANES);
      await sleep(500);

      expect(inOrder(values())).toEqual([1001, 1002, 1003, 1004, 1005, 1006]);
      expect(problems).toEqual([]);
      const last = headers().find((_, i) => values()[i] === 1006)!;
      expect(last).toMatchObject(
        kind.includes("a plate")
          ? { channel: "Cy5", site: { plate: "Live", well: "C03", index: 1 }, pixelUm: 0.5 }
          : { channel: expect.any(String) as string, timeIndex: kind.includes("ome-writers") ? 1 : 2 },
      );
    },
  );

  test("by pymmcore-plus gives every plane of its run once", async () => {
    const folder = await temporaryFolder();
    // The metadata may come a while after the folder.
    const { values, problems, headers } = await follow(folder, { giveUpMs: 600_000 });
    const { put, end } = writer("pymmcore-plus", join(folder, "run.ome.zarr"));
    await put(1);
    for (let n = 2; n <= PLANES; n++) await put(n);
    await end();
    await until(() => values().length === 8);
    await sleep(500);

    expect(problems).toEqual([]);
    const planes = headers().map(({ channel, timeIndex, site }) => `${site.name} ${channel} ${timeIndex}`);
    expect(new Set(planes).size).toBe(8);
    expect(planes).toContain("run/Pos1 FITC 1");
  });

  test.each(["zarr-python, 0.5, chunks of three planes", "ome-writers by tensorstore, a plate"])(
    "by %s goes on after a restart of the agent where it was",
    async (kind) => {
      const folder = await temporaryFolder();
      const { put, end } = writer(kind, join(folder, "run.ome.zarr"));
      const first = await follow(folder);
      for (const n of [1, 2, 3]) await put(n);
      await until(() => first.values().length === 3);
      await first.source.stop();
      await put(4);

      const second = await follow(folder, {}, first.headers());
      await until(() => second.values().length === 1);
      for (const n of [5, 6]) await put(n);
      await end();
      await until(() => second.values().length === 3);
      await sleep(500);
      expect(inOrder(second.values())).toEqual([1004, 1005, 1006]);
    },
  );

  test("with a shard that is not finished gives the planes of the others, and of that one when it is", async () => {
    const folder = await temporaryFolder();
    const { values, problems } = await follow(folder);
    const aside = join(folder, ".aside");
    await mkdir(aside);
    const { put, end } = writer("acquire-zarr, shards of two time points", join(aside, "run.zarr"));
    for (let n = 1; n <= 10; n++) await put(n);
    await end();
    const shard = "run.zarr/image/0/c/1/0/0/0";
    const whole = await readFile(join(aside, shard));
    // Its index comes last.
    await truncate(join(aside, shard), whole.length - 132);
    await rename(join(aside, "run.zarr"), join(folder, "run.zarr"));
    await until(() => values().length === 8);
    await sleep(800);
    expect(values()).not.toContain(1005);
    await writeFile(join(folder, shard), whole);

    await until(() => values().length === 10);
    expect(inOrder(values())).toEqual(Array.from({ length: 10 }, (_, i) => 1001 + i));
    expect(problems).toEqual([]);
  });
});

describe("an OME-Zarr in a watched folder", () => {
  /** Two planes of four chunks each: `0/PLANE.ROW.COLUMN`. */
  const FLAT = join(STORES, "v2_blosc_lz4.zarr");
  const BOTH = ["p.zarr#0", "p.zarr#1"];

  /** A store that is in the folder with one stroke, after `change` was done to it. */
  async function place(
    folder: string,
    change: (store: string) => Promise<unknown> = async () => undefined,
    name = "p.zarr",
  ) {
    const [aside, store] = [join(folder, ".aside"), join(folder, name)];
    await cp(FLAT, aside, { recursive: true });
    await change(aside);
    await rename(aside, store);
    return store;
  }

  async function watched(folder: string, fields: object = {}) {
    const followed = await follow(folder, fields);
    return { ...followed, ids: () => followed.headers().map(({ id }) => id.replace(/@.*/, "")) };
  }

  test.each([
    ["is not there yet", (whole: Buffer) => whole.subarray(0, 0)],
    ["is cut short", (whole: Buffer) => whole.subarray(0, whole.length - 20)],
  ])("waits for the rest of a plane, of which a chunk %s", async (what, part) => {
    const folder = await temporaryFolder();
    const { ids, problems } = await watched(folder, { giveUpMs: 600_000 });
    const whole = await readFile(join(FLAT, "0/1.0.1"));
    const store = await place(folder, async (aside) =>
      what.includes("cut") ? writeFile(join(aside, "0/1.0.1"), part(whole)) : rm(join(aside, "0/1.0.1")),
    );
    await until(() => ids().length === 1);
    await sleep(500);
    expect(ids()).toEqual(["p.zarr#0"]);
    await writeFile(join(store, "0/1.0.1"), whole);

    await until(() => ids().length === 2);
    expect(ids()).toEqual(BOTH);
    expect(problems).toEqual([]);
  });

  test.each([
    ["v2_raw.zarr/0/1.0.1", 1],
    ["v2_zstd.zarr/0/1.0.1", 1],
    // This chunk is of both planes.
    ["v3_gzip.zarr/0/c/0/0/0/1", 0],
  ])("waits for a chunk whose file is still empty: %s", async (path, before) => {
    const folder = await temporaryFolder();
    const { values, problems } = await follow(folder, { giveUpMs: 600_000 });
    const [name, ...chunk] = path.split("/");
    const [aside, empty] = [join(folder, ".aside"), join(...chunk)];
    await cp(join(STORES, name!), aside, { recursive: true });
    const whole = await readFile(join(aside, empty));
    await truncate(join(aside, empty), 0);
    await rename(aside, join(folder, name!));
    await until(() => values().length === before);
    await sleep(500);
    expect(values()).toHaveLength(before);
    await writeFile(join(folder, name!, empty), whole);

    await until(() => values().length === 2);
    expect(problems).toEqual([]);
  });

  test("of which nobody writes any more gives a plane without its empty chunks, and names a damaged one", async () => {
    const folder = await temporaryFolder();
    const { ids, problems } = await watched(folder, { giveUpMs: 300 });
    await place(folder, async (aside) => {
      await rm(join(aside, "0/0.0.1"));
      await writeFile(join(aside, "0/1.0.1"), "damaged");
    });
    await until(() => ids().length === 1 && problems.length === 1);
    await sleep(500);

    expect(ids()).toEqual(["p.zarr#0"]);
    expect(problems).toEqual([expect.stringContaining("page 1 (number 2)")]);
  });

  test("is new where another one takes its name, during a run and between two", async () => {
    const folder = await temporaryFolder();
    const { ids, source, headers } = await watched(folder);
    const store = await place(folder);
    await until(() => ids().length === 2);
    await rm(store, { recursive: true });
    await place(folder);
    await until(() => ids().length === 4);
    expect(ids()).toEqual([...BOTH, ...BOTH]);
    await source.stop();
    for (const chunk of ["0.1.1", "1.1.1"]) await rm(join(store, "0", chunk));

    // Its planes are others than those on record.
    const later = await follow(folder, { giveUpMs: 300 }, headers());
    await until(() => later.headers().length === 2);
  });

  test("that was there at the start is left alone where that is asked for; what comes to it is not", async () => {
    const folder = await temporaryFolder();
    const store = await place(folder, (aside) => rm(join(aside, "0/1.0.1")));
    const { ids } = await watched(folder, { existing: "ignore", giveUpMs: 600_000 });
    // Stores are looked at one after the other.
    await place(folder, undefined, "q.zarr");
    await until(() => ids().length === 2);
    expect(ids()).toEqual(["q.zarr#0", "q.zarr#1"]);
    await cp(join(FLAT, "0/1.0.1"), join(store, "0/1.0.1"));

    await until(() => ids().length === 3);
    expect(ids()).toContain("p.zarr#1");
  });

  test("without metadata is named once, and its planes are given when they come", async () => {
    const [folder, aside] = [await temporaryFolder(), await temporaryFolder()];
    const { ids, problems } = await watched(folder, { giveUpMs: 400 });
    const store = await place(folder, (unfinished) =>
      rename(join(unfinished, ".zattrs"), join(aside, "kept")),
    );

    await until(() => problems.length > 0);
    await sleep(1000);
    expect(problems).toEqual([expect.stringContaining(`${store}: its metadata of OME-Zarr`)]);
    await rename(join(aside, "kept"), join(store, ".zattrs"));

    await until(() => ids().length === 2);
    expect(problems).toHaveLength(1);
  });

  test("that claims more than an image can be is told once", async () => {
    const folder = await temporaryFolder();
    const { problems } = await watched(folder, { giveUpMs: 200 });
    await place(folder, async (aside) => {
      const path = join(aside, "0/.zarray");
      const metadata = JSON.parse(await readFile(path, "utf8")) as { shape: number[] };
      metadata.shape[0] = 1e9;
      await writeFile(path, JSON.stringify(metadata));
    });
    await until(() => problems.length > 0);
    await sleep(600);

    expect(problems).toEqual([expect.stringContaining("planes, over the limit")]);
  });

  test("does not keep files beside it, or stores beside it, from being read", async () => {
    const folder = await temporaryFolder();
    const { ids } = await watched(folder);
    await mkdir(join(folder, "broken.zarr"));
    await writeFile(join(folder, "broken.zarr/zarr.json"), "{");
    await place(folder);
    await mkdir(join(folder, "deep/er"), { recursive: true });
    await cp(FLAT, join(folder, "deep/er/q.zarr"), { recursive: true });
    await cp(join(STORES, "../frames/bigtiff16_le.tif"), join(folder, "a.tif"));

    await until(() => ids().length === 5);
    expect(new Set(ids())).toEqual(new Set(["a.tif#0", "deep/er/q.zarr#0", "deep/er/q.zarr#1", ...BOTH]));
  });
});
