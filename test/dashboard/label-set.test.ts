import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LabelSet } from "../../src/dashboard/label-set.js";
import { readManifest } from "../../src/frames/manifest.js";
import { temporaryFolder } from "../helpers/models.js";

test("a label goes into a manifest that a spreadsheet has saved since, and keeps what people added", async () => {
  const folder = await temporaryFolder();
  const manifest = join(folder, "manifest.csv");
  const saved = "sep=;\r\nFile;kind;stain;pixel_um;Who\r\na.png;labelled;Grün;0,65;Müller\r\n;;;;\r\n";
  await writeFile(manifest, saved, "latin1");

  await new LabelSet(folder).add(
    join(folder, "b.png"),
    { id: "b", session: "s", site: { name: "A01" }, pixelUm: 0.325 },
    "fine",
  );

  expect(await readManifest(manifest)).toMatchObject([
    { file: "a.png", kind: "labelled", stain: "Grün", pixelUm: 0.65 },
    { file: "b.png", kind: "infocus", pixelUm: 0.325 },
  ]);
  expect(await readFile(manifest, "utf8")).toContain("Müller");
});
