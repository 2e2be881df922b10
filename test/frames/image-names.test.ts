import { describe, expect, it } from "vitest";
import { hasImageName, isPassedOver } from "../../src/frames/image-names.js";

describe("hasImageName", () => {
  it.each(["a.tif", "a.OME.TIFF", "a.ome.btf", "a.tf8", "a.stk", "a.lsm", "002003001.flex", "a.png"])(
    "takes %s for an image",
    (name) => expect(hasImageName(name)).toBe(true),
  );

  it.each(["a.tif.part", "a.txt", "tif", "a.companion.ome"])("takes %s for none", (name) =>
    expect(hasImageName(name)).toBe(false),
  );
});

describe("isPassedOver", () => {
  it.each([
    ".nfs0001.tif",
    "P1/.~B02.tif",
    "P1/@eaDir/B02_s1.tif/SYNOFILE_THUMB_M.png",
    "#recycle/B02.tif",
    "@Recycle/B02.tif",
    "$RECYCLE.BIN/S-1-5/B02.tif",
    "System Volume Information",
    "lost+found/a.tif",
    "P1/~snapshot/hourly/B02.tif",
    "#snapshot",
  ])("passes over %s", (path) => expect(isPassedOver(path)).toBe(true));

  it.each(["P1/B02.tif", "../P1/B02.tif", "recycled/B02.tif", "snapshot/B02.tif", "my lost+found.tif"])(
    "leaves %s",
    (path) => expect(isPassedOver(path)).toBe(false),
  );
});
