import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FrameReadError } from "../../src/errors.js";
import { findImages } from "../../src/frames/find-images.js";

let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parfocal-"));
  await chmod(root, 0o755);
  await mkdir(join(root, "plate [1]/B2"), { recursive: true });
  await mkdir(join(root, "empty"));
  await mkdir(join(root, "locked"));
  await mkdir(join(root, "zen"));
  const files = ["plate [1]/z10.tif", "plate [1]/z2.TIF", "plate [1]/B2/a.png", "plate [1]/B2/a.ome.tiff"];
  files.push("plate [1]/._z2.tif", "plate [1]/notes.txt", "raw.dat");
  files.push("zen/a.czi", "zen/b.CZI", "zen/c.lif");
  for (const file of files) await writeFile(join(root, file), "x");
});

afterAll(() => rm(root, { recursive: true }));

const found = async (...paths: string[]) =>
  (await findImages(paths.map((path) => join(root, path)))).map((path) => relative(root, path));

const PLATE = ["plate [1]/B2/a.ome.tiff", "plate [1]/B2/a.png", "plate [1]/z2.TIF", "plate [1]/z10.tif"];

describe("findImages", () => {
  it("searches folders through, in natural order, without hidden and other files", async () => {
    expect(await found("plate [1]")).toEqual(PLATE);
  });

  it("takes a file by name whatever its extension", async () => {
    expect(await found("raw.dat")).toEqual(["raw.dat"]);
  });

  it("expands globs to images", async () => {
    expect(await found("plate*/**/*")).toEqual(PLATE);
    expect(await found("plate*/*.tif")).toEqual(["plate [1]/z10.tif"]);
  });

  it("gives a file once, however it is named", async () => {
    expect(await found("plate [1]/z10.tif", "plate [1]/B2/../z10.tif", "plate [1]")).toEqual(PLATE);
  });

  it("comes to an end where links go round in a circle", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parfocal-"));
    await writeFile(join(folder, "a.tif"), "x");
    await symlink(folder, join(folder, "again"));
    const images = await findImages([folder]);
    await rm(folder, { recursive: true });
    expect(images).toContain(join(folder, "a.tif"));
    expect(images.length).toBeLessThan(100);
  });

  it.each([
    ["none.tif", "no such file or folder"],
    ["none/*.tif", "nothing matches this pattern"],
    ["plate*/*.txt", "no TIFF or PNG file matches"],
    ["empty", "the folder holds no TIFF or PNG file"],
    [
      "zen",
      "the folder holds no TIFF or PNG file and no OME-Zarr; its files end in .czi, .lif (docs/files.md",
    ],
    ["raw.dat/a.tif", "a part of the path is a file"],
  ])("names %s where it gives no image", async (path, reason) => {
    const error = await findImages([join(root, path)]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FrameReadError);
    expect((error as Error).message).toContain(`${join(root, path)}: ${reason}`);
  });

  it("names a folder that it may not read", async () => {
    await chmod(join(root, "locked"), 0o000);
    // The superuser may read anything, so the test gives that right up for the moment.
    const user = process.geteuid?.();
    if (user === 0) process.seteuid?.(65534);
    const error = await findImages([join(root, "locked")]).catch((e: unknown) => e);
    if (user === 0) process.seteuid?.(0);
    await chmod(join(root, "locked"), 0o755);
    expect((error as Error).message).toContain("locked: no permission");
  });
});
