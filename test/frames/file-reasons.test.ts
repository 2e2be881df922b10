import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { readFrames } from "../../src/frames/read-frames.js";
import { walkImages } from "../../src/frames/walk-images.js";
import { temporaryFolder } from "../helpers/models.js";

describe.skipIf(process.platform !== "linux")("a file whose name is no UTF-8", () => {
  it("is found, and it is said why it cannot be read", async () => {
    const folder = await temporaryFolder();
    await writeFile(
      Buffer.concat([Buffer.from(`${folder}/B02_`), Buffer.from([0xff]), Buffer.from(".tif")]),
      "",
    );
    for await (const name of walkImages(folder)) {
      await expect(readFrames(`${folder}/${name}`).next()).rejects.toThrow("its name is no UTF-8: rename it");
      return;
    }
    expect.fail("nothing was found");
  });
});
