import { existsSync } from "node:fs";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "fast-png";
import pino from "pino";
import { describe, expect, test } from "vitest";
import { AgentConfig } from "../../src/config/schema.js";
import { PreviewFolder, previewName } from "../../src/dashboard/previews/preview-folder.js";
import { previewOf } from "../../src/dashboard/previews/preview-image.js";
import { PreviewKeeper } from "../../src/dashboard/previews/preview-keeper.js";
import type { FrameDetail, StatusView } from "../../src/dashboard/wire.js";
import type { FocusReport } from "../../src/focus/report.js";
import type { Frame } from "../../src/frames/frame.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { systemClock } from "../../src/protocol/clock.js";
import { faultyScorer, temporaryFolder, until } from "../agent/helpers.js";
import { report } from "../refocus/helpers.js";
import { ask, serve } from "./helpers.js";

/** A ramp from left to right. */
function ramp(width: number, height: number): Frame {
  return { width, height, pixels: Uint16Array.from({ length: width * height }, (_, i) => 100 + (i % width)) };
}

const patches = { patchPx: 84, lefts: [0], tops: [0], levels: [3], certainties: [0.5], distribution: [1] };
const limits = { maxPx: 100, keepBytes: 2 ** 30, holdBytes: 2 ** 30 };

describe("a picture of a frame", () => {
  test("of a small frame has a pixel for each of its own", () => {
    const preview = previewOf(ramp(256, 100), 512);

    expect(preview).toMatchObject({ width: 256, height: 100, scale: 1 });
    expect([preview.grey[0], preview.grey[128], preview.grey[255]]).toEqual([0, 128, 255]);
  });

  test("of a large frame averages blocks, those cut off by the edge included", () => {
    const pixels = Uint16Array.from({ length: 5 * 3 }, (_, i) => [0, 100, 200, 300, 400][i % 5]!);

    const { width, height, grey, scale, displayRange } = previewOf({ width: 5, height: 3, pixels }, 3);

    expect({ width, height, scale, displayRange }).toEqual({
      width: 3,
      height: 2,
      scale: 1 / 2,
      displayRange: [0, 400],
    });
    // Means 50, 250 and 400 of 0 to 400.
    expect([...grey]).toEqual([32, 159, 255, 32, 159, 255]);
  });

  test("of an even frame is black", () => {
    expect(previewOf({ width: 4, height: 4, pixels: new Uint16Array(16).fill(7) }, 512).grey).toEqual(
      new Uint8Array(16),
    );
  });
});

describe("a folder of pictures", () => {
  test("deletes the oldest files to keep within its size, those of a former start included", async () => {
    const path = await temporaryFolder();
    const before = new PreviewFolder(path, limits);
    await before.start();
    for (let i = 0; i < 4; i++)
      await before.keep(ramp(100, 100), { ...patches, run: "r", id: `old${i}`, width: 100, height: 100 });
    const bytes = async () => {
      const names = await readdir(path);
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    const keepBytes = Math.ceil((await bytes()) / 2);

    const after = new PreviewFolder(path, { ...limits, keepBytes });
    await after.start();
    await after.keep(ramp(100, 100), { ...patches, run: "r", id: "new", width: 100, height: 100 });

    expect(await bytes()).toBeLessThanOrEqual(keepBytes);
    const names = await readdir(path);
    expect(names).toContain(`${previewName({ run: "r", id: "new" })}.png`);
    expect(names).not.toContain(`${previewName({ run: "r", id: "old0" })}.png`);
  });

  test("holds the last frames as they came, as many as fit", async () => {
    const path = await temporaryFolder();
    const folder = new PreviewFolder(path, { ...limits, holdBytes: 2 * 2 * 100 * 100 });
    await folder.start();
    for (const id of ["a", "b", "c"])
      await folder.keep(ramp(100, 100), { ...patches, run: "r", id, width: 100, height: 100 });

    expect(await folder.save({ run: "r", id: "a" }, join(path, "a.tif"))).toBe(false);
    expect(await folder.save({ run: "r", id: "c" }, join(path, "more", "c.tif"))).toBe(true);
    for await (const { frame } of readFrames(join(path, "more", "c.tif"))) {
      expect(frame.pixels).toEqual(ramp(100, 100).pixels);
    }
  });
});

describe("the page", () => {
  test("finds the picture and the patches of a frame, whatever its id", async () => {
    const scorer = faultyScorer(async () => report(1, { rows: 3, columns: 2 }));
    const { host, controller } = await serve({ previews: { maxPx: 84 } }, {}, scorer);
    const id = "session/A1 ü?#%2F../\\x";
    const pixels = Uint16Array.from({ length: 200 * 168 }, (_, i) => 1 + (i % 168));
    await controller.sendFrame({ id, shape: [200, 168], dtype: "uint16" }, pixels);
    await controller.answerTo(id);
    const path = `/api/runs/session/frames/${encodeURIComponent(id)}`;

    const reply = await until(async () => {
      const answer = await ask(host, path);
      return answer.status === 200 && answer;
    });

    expect(reply.json<FrameDetail>()).toMatchObject({
      ...{ id, width: 168, height: 200, hasPreview: true, previewScale: 1 / 3 },
      ...{ patchPx: 84, lefts: [0, 84], tops: [0, 84, 116] },
    });
    const picture = await ask(host, `${path}/preview.png`);
    expect(picture.headers["content-type"]).toBe("image/png");
    expect(decode(picture.body)).toMatchObject({ width: 56, height: 67, depth: 8, channels: 1 });
  });

  test("that cannot be kept is counted, for the page and for the metrics", async () => {
    const { host, controller, folder } = await serve();
    await until(() => existsSync(join(folder, "previews")));
    await rm(join(folder, "previews"), { recursive: true });
    await writeFile(join(folder, "previews"), "in the way");

    await controller.ask(0);

    await until(async () => (await ask(host, "/api/status")).json<StatusView>().skippedPictures === 1);
    expect((await ask(host, "/metrics")).body.toString()).toMatch(/^parfocal_pictures_skipped_total 1$/m);
  });

  test("is told where no picture was kept", async () => {
    const { host, controller } = await serve({ previews: { enabled: false } });
    const { id } = await controller.sendFrame();
    await controller.answerTo(id);

    const reply = await ask(host, `/api/runs/session/frames/${encodeURIComponent(id)}`);

    expect(reply.status).toBe(404);
    expect(reply.json()).toEqual({ error: expect.stringContaining("no picture") });
  });
});

describe("the patches of a frame on the page", () => {
  const frame = ramp(1000, 1000);
  /** 144 patches, of which only the first was judged. */
  const certainties = new Float32Array(144).fill(Number.NaN).fill(0.5, 0, 1);
  const probabilities = new Float32Array(144 * 11).fill(Number.NaN).fill(1 / 11, 0, 11);
  const sample = report(3, { rows: 12, columns: 12, coverage: "sample", certainties, probabilities });
  const full = { ...sample, coverage: "full" as const, certainties: new Float32Array(144).fill(0.25) };

  async function shown(isWatched: boolean, complete: () => Promise<FocusReport>): Promise<FrameDetail> {
    const config = AgentConfig.parse({}).dashboard.previews;
    const folder = await temporaryFolder();
    const log = pino({ enabled: false });
    const keeper = new PreviewKeeper({ config, folder, log, clock: systemClock, complete });
    await keeper.start();
    keeper.keep({ run: "r", id: "a" }, frame, sample, isWatched);
    await until(async () => (await keeper.detail({ run: "r", id: "a" })) !== undefined);
    const detail = await keeper.detail({ run: "r", id: "a" });
    await keeper.stop();
    return detail!;
  }

  test("are those that decided it while nobody looks", async () => {
    const detail = await shown(false, async () => full);
    expect(detail.certainties).toEqual([0.5, ...new Array(143).fill(null)]);
    expect(detail.levels).toEqual([0, ...new Array(143).fill(null)]);
  });

  test("are all of them while a page is open, and those that decided it where the scorer fails", async () => {
    expect((await shown(true, async () => full)).certainties).toEqual(new Array(144).fill(0.25));
    const failing = async () => Promise.reject(new Error("the scorer has ended"));
    expect((await shown(true, failing)).certainties.filter((certainty) => certainty !== null)).toEqual([0.5]);
  });
});

test("frames in focus and empty ones have so many pictures a second, more while a page is open; others have one each", async () => {
  const folder = await temporaryFolder();
  const config = { ...AgentConfig.parse({}).dashboard.previews, perSecond: 2 };
  let ms = 0;
  const clock = { ...systemClock, now: () => ms };
  const keeper = new PreviewKeeper({ config, folder, log: pino({ enabled: false }), clock });
  keeper.start();
  const frame = ramp(200, 100);
  const hasPicture = async (id: string) => (await keeper.picture({ run: "r", id })) !== undefined;
  const keep = (id: string, condition: FocusReport["condition"], isWatched = false) =>
    keeper.keep({ run: "r", id }, frame, { ...report(0), rows: 2, columns: 3, condition }, isWatched);

  for (; ms < 10_000; ms += 50) keep(`sharp ${ms}`, "in-focus");
  for (let i = 0; i < 4; i++) keep(`blurred ${i}`, "defocused");
  for (let i = 0; i < 4; i++) keep(`watched ${i}`, "in-focus", true);
  await until(() => hasPicture("watched 3"));

  const pictures = async () => (await readdir(folder)).filter((name) => name.endsWith(".png")).length;
  expect(await pictures()).toBeGreaterThanOrEqual(20 + 8);
  expect(await pictures()).toBeLessThanOrEqual(22 + 8);
  expect(keeper.skipped).toBe(200 + 8 - (await pictures()));

  const before = await pictures();
  for (const endMs = ms + 2000; ms < endMs; ms += 10)
    keep(`fast ${ms}`, ms % 20 === 0 ? "in-focus" : "blank", true);
  keep("the last", "defocused", true);
  await until(() => hasPicture("the last"));
  await keeper.stop();
  // What a second has, at once, and then so many a second.
  expect((await pictures()) - before).toBeGreaterThanOrEqual(16 + 2 * 20);
  expect((await pictures()) - before).toBeLessThanOrEqual(18 + 2 * 20 + 1);
});
