import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { imageOrder } from "../../src/frames/image-order.js";
import { walkImages } from "../../src/frames/walk-images.js";
import { temporaryFolder } from "../helpers/models.js";

async function folderWith(names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), "");
  }
  return folder;
}

async function found(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of walkImages(folder)) paths.push(path);
  return paths;
}

describe("walkImages", () => {
  it("passes over overviews of Squid and masks of Cellpose, not images that are called alike", async () => {
    const drawn = [
      "0/downsampled/wells/A1_10um.tiff",
      "0/downsampled/plate_10um.tiff",
      "A1_s1_cp_masks.png",
      "A1_s1_cp_masks_0.tif",
      "A1_s1_outlines_cp.png",
    ];
    const images = [
      "0/A1_0_0_BF_LED_matrix_full.tiff",
      "A1_10um.tiff",
      "cp_masks_test/a.tif",
      "downsampled/a.tif",
    ];
    const folder = await folderWith([...drawn, ...images]);
    expect((await found(folder)).sort(imageOrder)).toEqual(images.sort(imageOrder));
    expect(await found(join(folder, "0/downsampled"))).toEqual(["plate_10um.tiff", "wells/A1_10um.tiff"]);
  });

  it("passes over what an agent has drawn, in its results folder and where that is the folder of the images", async () => {
    const own = [
      "previews/a.png",
      "labels/b.tif",
      "over/results/.agent.lock",
      "over/results/c.png",
      ".agent.lock",
    ];
    const folder = await folderWith([...own, "image.tif", "over/previews/image.png", "labelsets/image.tif"]);
    expect((await found(folder)).sort(imageOrder)).toEqual([
      "image.tif",
      "labelsets/image.tif",
      "over/previews/image.png",
    ]);
    expect(await found(join(folder, "previews"))).toEqual(["a.png"]);
  });

  const names = Array.from({ length: 57 }, (_, i) => `z${i}.tif`);
  const odd = [
    "z2/a.tif",
    "z2/b10.tif",
    "z2/b9.tif",
    "z02.tif",
    "Z2.tif",
    "b/c/d.png",
    ".hidden.tif",
    "note.txt",
  ];

  it.each([1, 7, 1000])(
    "gives the same in imageOrder, however few names it holds at a time (%i)",
    async (namesHeld) => {
      const folder = await folderWith([...names, ...odd]);
      const found: string[] = [];
      for await (const path of walkImages(folder, { namesHeld })) found.push(path);

      const expected = [...names, ...odd.slice(0, 6)].sort(imageOrder);
      expect(found).toEqual(expected);
      expect(found.indexOf("z9.tif")).toBeLessThan(found.indexOf("z10.tif"));
    },
  );

  it("tells of folders that it enters, and of a file whose folder has gone nothing", async () => {
    const folder = await folderWith(["a/b/c.tif", "d.tif"]);
    const entered: string[] = [];
    for await (const _ of walkImages(folder, { entered: (path) => entered.push(path) }));
    expect(entered).toEqual(["a", "a/b"]);
  });
});
