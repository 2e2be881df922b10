import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StatusView } from "../../src/dashboard/wire.js";
import { readManifest } from "../../src/frames/manifest.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { encodeTiff } from "../../src/frames/write-tiff.js";
import { loadImageSet } from "../../src/training/image-set.js";
import { published, TestController, temporaryFolder, until } from "../agent/helpers.js";
import { tiff } from "../frames/tiff-builder.js";
import { ask, change, serve, TOKEN } from "./helpers.js";

/** Verdicts of several frames may leave at once, and each frame must be there to be saved. */
const control = { control: true, token: TOKEN, previews: { perSecond: 1e6 } };
const SITE = { name: "B3-Site_0", well: "B3", plate: "P1" };

describe("pausing gating", () => {
  test("stops refocusing from the next frame on, and resuming lets it go on", async () => {
    const { host, controller, results } = await serve(control);

    await change(host, { what: "gating", on: false });
    const paused = await controller.ask(4, { site: SITE, zUm: 0 });
    await change(host, { what: "gating", on: true });
    const resumed = await controller.ask(4, { site: { ...SITE, name: "B3-Site_1" }, zUm: 0 });

    expect(paused).toMatchObject({ decision: "flag", acquireAgain: false });
    expect(paused).not.toHaveProperty("action");
    expect(resumed).toMatchObject({ decision: "retry", action: { kind: "move-z" } });
    const changes = (await results()).filter(({ type }) => type === "change");
    expect(changes).toMatchObject([
      { by: "dashboard", change: { what: "gating", on: false }, message: expect.stringContaining("paused") },
      { by: "dashboard", change: { what: "gating", on: true } },
    ]);
  });

  test("brings a search that is under way back to the best z that it saw", async () => {
    const { host, controller } = await serve(control);
    const first = await controller.ask(4, { site: SITE, zUm: 0, attempt: 0 });

    await change(host, { what: "gating", on: false });
    const worse = await controller.ask(8, { site: SITE, zUm: 8, attempt: 1 });

    expect(first).toMatchObject({ decision: "retry" });
    expect(worse).toMatchObject({
      decision: "flag",
      acquireAgain: false,
      keepAttempt: 0,
      action: { kind: "move-z", byUm: -8 },
    });
  });
});

describe("changing thresholds", () => {
  test("judges the next frames by them, a channel's own before the others'", async () => {
    const { host, controller } = await serve(control, { policy: { sharp: "absolute", maxLevel: 1 } });

    await change(host, { what: "rules", rules: { maxLevel: 5, minCertainty: 0.1 } });
    await change(host, { what: "rules", channel: "DAPI", rules: { maxLevel: 2, minCertainty: 0.1 } });

    expect(await controller.ask(4, { site: SITE, channel: "GFP" })).toMatchObject({ decision: "accept" });
    expect(await controller.ask(4, { site: SITE, channel: "DAPI" })).toMatchObject({ decision: "retry" });
    expect((await ask(host, "/api/status")).json<StatusView>()).toMatchObject({
      rules: { maxLevel: 5, minCertainty: 0.1 },
      channels: { DAPI: { maxLevel: 2, minCertainty: 0.1 } },
    });
  });

  test("is on record with the values before and after, and is published", async () => {
    const { host, publish, controller, results } = await serve(control, {
      policy: { sharp: "absolute", maxLevel: 1 },
    });
    const messages = await published(publish, () => controller.ask(0));

    await change(host, { what: "rules", rules: { maxLevel: 2, minCertainty: 0.3 } });

    const expected = {
      type: "change",
      change: {
        what: "rules",
        before: { maxLevel: 1, minCertainty: 0.25 },
        after: { maxLevel: 2, minCertainty: 0.3 },
      },
      message: "Thresholds of all channels: level 1, certainty 0.25 → level 2, certainty 0.3",
    };
    const sent = await until(() => messages.find(({ topic }) => topic === "parfocal.v1.change"));
    expect(sent.message).toMatchObject(expected);
    const recorded = await until(async () => (await results()).find(({ type }) => type === "change"));
    expect(recorded).toMatchObject(expected);
  });
});

describe("a mark", () => {
  test("saves the frame as it came, for training and evaluation", async () => {
    const { host, folder, controller, results } = await serve(control);
    const pixels = Uint16Array.from({ length: 120 * 110 }, (_, i) => (i * 37) % 4096);
    for (const [i, mark] of (["fine", "fine", "bad"] as const).entries()) {
      const header = await controller.sendFrame(
        { shape: [120, 110], dtype: "uint16", site: { ...SITE, name: `S${i}` }, channel: "DAPI", zUm: i },
        pixels.map((value) => value + i),
      );
      await controller.answerTo(header.id);
      const reply = await change(host, { what: "label", run: "session", frameId: header.id, mark });
      expect(reply.status).toBe(200);
    }

    const manifest = join(folder, "labels", "manifest.csv");
    const rows = await readManifest(manifest);
    expect(rows).toMatchObject([
      { kind: "infocus", focusLabel: "in", fieldId: "session/P1/S0", stain: "DAPI", zUm: 0 },
      { kind: "infocus", focusLabel: "in", fieldId: "session/P1/S1" },
      { kind: "labelled", focusLabel: "out", fieldId: "session/P1/S2" },
    ]);
    for await (const { frame } of readFrames(rows[1]!.path)) {
      expect(frame).toMatchObject({ width: 110, height: 120 });
      expect(frame.pixels).toEqual(pixels.map((value) => value + 1));
    }
    const set = await loadImageSet([manifest], 0.5, 1);
    expect(set.sources).toHaveLength(2);
    expect((await results()).filter(({ type }) => type === "change")).toMatchObject([
      { session: "session", change: { what: "label", mark: "fine", image: rows[0]!.path } },
      { change: { mark: "fine" } },
      { change: { mark: "bad" }, message: "P1 S2 DAPI was marked as bad" },
    ]);
  });

  test("counts as the last one given to a frame", async () => {
    const { host, folder, controller } = await serve(control);
    const { id } = await controller.sendFrame({ site: SITE });
    await controller.answerTo(id);

    await change(host, { what: "label", run: "session", frameId: id, mark: "bad" });
    await change(host, { what: "label", run: "session", frameId: id, mark: "fine" });

    expect(await readManifest(join(folder, "labels", "manifest.csv"))).toMatchObject([{ kind: "infocus" }]);
    const snapshot = (await ask(host, "/api/runs/session")).json<{ labels: unknown[] }>();
    expect(snapshot.labels).toMatchObject([{ frameId: id, mark: "fine" }]);
  });

  test("names the file itself where the frame came from one", async () => {
    const images = await temporaryFolder();
    const { host, folder, agent } = await serve(control, {
      sources: {
        zeromq: { address: "tcp://127.0.0.1:0" },
        folder: { enabled: true, path: images, stableMs: 20, polling: true, pollMs: 20 },
      },
    });
    const image = join(images, "A1.tif");
    await writeFile(image, encodeTiff({ width: 100, height: 100, pixels: new Uint8Array(10_000).fill(1) }));
    await until(() => agent.health().verdicts.accept === 1);
    const line = JSON.parse((await readFile(join(folder, "results.jsonl"), "utf8")).split("\n")[0]!) as {
      id: string;
      session: string;
    };

    await change(host, { what: "label", run: line.session, frameId: line.id, mark: "fine" });

    expect(await readManifest(join(folder, "labels", "manifest.csv"))).toMatchObject([{ path: image }]);
  });

  describe("on a frame of a watched folder whose file shows something else, too, or by now, saves the frame", () => {
    const SIDE = 100;
    const plane = (value: number) => new Uint8Array(SIDE * SIDE).fill(value);
    const single = (value: number) => encodeTiff({ width: SIDE, height: SIDE, pixels: plane(value) });

    async function serveFolder() {
      const images = await temporaryFolder();
      const served = await serve(control, {
        sources: {
          zeromq: { address: "tcp://127.0.0.1:0" },
          folder: { enabled: true, path: images, stableMs: 20, polling: true, pollMs: 20 },
        },
      });
      const verdicts = (count: number) =>
        until(async () => {
          const lines = (await served.results()).filter(({ type }) => type === "verdict");
          return lines.length === count ? (lines as unknown as { id: string; session: string }[]) : undefined;
        });
      const mark = ({ id, session }: { id: string; session: string }, as: "fine" | "bad") =>
        change(served.host, { what: "label", run: session, frameId: id, mark: as });
      const labelled = async () => {
        const found: [label: string | undefined, firstPixels: number[]][] = [];
        for (const row of await readManifest(join(served.folder, "labels", "manifest.csv"))) {
          const first: number[] = [];
          for await (const { frame } of readFrames(row.path)) first.push(frame.pixels[0]!);
          found.push([row.focusLabel, first]);
        }
        return found;
      };
      return { ...served, images, verdicts, mark, labelled };
    }

    test("where it is a plane of a stack", async () => {
      const { images, verdicts, mark, labelled } = await serveFolder();
      const page = (value: number) =>
        [
          [256, 4, 1, SIDE],
          [257, 4, 1, SIDE],
          [258, 3, 1, 8],
          [259, 3, 1, 1],
          [262, 3, 1, 1],
          [273, 4, 1, 8 + value * SIDE * SIDE],
          [278, 4, 1, SIDE],
          [279, 4, 1, SIDE * SIDE],
        ] as const;
      const data = Buffer.concat([plane(1), plane(2), plane(3)]);
      await writeFile(join(images, "stack.tif"), tiff(data, [page(0), page(1), page(2)]));
      const [, second, third] = await verdicts(3);

      await mark(second!, "fine");
      await mark(third!, "bad");

      expect(await labelled()).toEqual([
        ["in", [2]],
        ["out", [3]],
      ]);
    });

    test("where another image is in its place, or none", async () => {
      const { images, verdicts, mark, labelled } = await serveFolder();
      await writeFile(join(images, "A1.tif"), single(1));
      await writeFile(join(images, "A2.tif"), single(2));
      await verdicts(2);
      await writeFile(join(images, "A1.tif"), single(5));
      await rm(join(images, "A2.tif"));

      for (const verdict of (await verdicts(3)).slice(0, 2)) await mark(verdict, "fine");

      const shown = (await labelled()).map(([, [pixel]]) => pixel);
      expect(new Set(shown)).toEqual(new Set([1, 2]));
    });
  });

  test("belongs to the run that was named, though another one has a frame of the same id", async () => {
    const { host, folder, address } = await serve(control);
    for (const [session, value] of [
      ["one", 1],
      ["two", 2],
    ] as const) {
      const controller = new TestController(address, session);
      const pixels = new Uint8Array(100 * 100).fill(value);
      await controller.sendFrame({ id: "same", site: { name: session } }, pixels);
      await controller.answerTo("same");
    }

    await change(host, { what: "label", run: "one", frameId: "same", mark: "bad" });

    const [row] = await readManifest(join(folder, "labels", "manifest.csv"));
    expect(row).toMatchObject({ fieldId: "one/one" });
    for await (const { frame } of readFrames(row!.path)) expect(frame.pixels[0]).toBe(1);
  });

  test("never names a file outside of the watched folder, whatever a controller says", async () => {
    const images = await temporaryFolder();
    const { host, folder, address, results } = await serve(control, {
      sources: {
        zeromq: { address: "tcp://127.0.0.1:0" },
        folder: { enabled: true, path: images, polling: true, pollMs: 20 },
      },
    });
    const liar = new TestController(address, `folder:${images}`);
    const { id } = await liar.sendFrame({ meta: { file: "../../etc/passwd" } });
    await liar.answerTo(id);

    await change(host, { what: "label", run: liar.session, frameId: id, mark: "fine" });

    const [label] = (await results()).filter(({ type }) => type === "change");
    expect((label as { change: object }).change).toHaveProperty(
      "image",
      expect.stringContaining(join(folder, "labels")),
    );
  });

  test("is on record, and says so, where the frame is no longer held", async () => {
    const { host, controller, results, folder } = await serve({ ...control, previews: { holdMib: 0 } });
    const { id } = await controller.sendFrame({ site: SITE });
    await controller.answerTo(id);

    const reply = await change(host, { what: "label", run: "session", frameId: id, mark: "bad" });

    expect(reply.status).toBe(200);
    const [label] = (await results()).filter(({ type }) => type === "change");
    expect(label).toMatchObject({
      change: { mark: "bad" },
      message: expect.stringContaining("no longer held"),
    });
    expect((label as { change: object }).change).not.toHaveProperty("image");
    await expect(readFile(join(folder, "labels", "manifest.csv"))).rejects.toThrow("ENOENT");
  });

  test("is refused for a frame that nobody has seen", async () => {
    const { host } = await serve(control);

    const reply = await change(host, { what: "label", run: "session", frameId: "nobody", mark: "bad" });

    expect(reply.status).toBe(404);
  });
});
