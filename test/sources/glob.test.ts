import { expect, test } from "vitest";
import { globMatcher } from "../../src/sources/glob.js";

test.each([
  { pattern: "**/*.{tif,tiff,png}", path: "a.tif", matches: true },
  { pattern: "**/*.{tif,tiff,png}", path: "Pos0/deep/a.TIFF", matches: true },
  { pattern: "**/*.{tif,tiff,png}", path: "a.tif.part", matches: false },
  { pattern: "**/*.{tif,tiff,png}", path: "metadata.txt", matches: false },
  { pattern: "*.tif", path: "Pos0/a.tif", matches: false },
  { pattern: "img_channel00?_*.tif", path: "img_channel001_z000.tif", matches: true },
  { pattern: "a+b(1)[x].tif", path: "a+b(1)[x].tif", matches: true },
  { pattern: "a.tif", path: "abtif", matches: false },
])("$pattern on $path is $matches", ({ pattern, path, matches }) => {
  expect(globMatcher(pattern)(path)).toBe(matches);
});
