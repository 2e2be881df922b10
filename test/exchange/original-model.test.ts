import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { readOriginalModel } from "../../src/exchange/original-model.js";
import { openModel } from "../../src/focus/model.js";
import { Scorer } from "../../src/focus/scorer.js";
import { parfocal } from "../helpers/command.js";
import { golden, largestDifference } from "../helpers/golden.js";
import { temporaryFolder } from "../helpers/models.js";

/** Written by TensorFlow: scripts/make-tensorflow-fixtures.py. */
const FIXTURES = join(import.meta.dirname, "../fixtures/tensorflow");
const DATA = "data-00000-of-00001";

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly probabilities: number[][];
  readonly distribution: number[];
  readonly level: number;
  readonly meanCertainty: number;
  readonly maxCertainty: number;
  readonly aggregateCertainty: number;
}

/** Unpacks a bundle of the fixtures below a folder and returns its prefix. */
async function unpacked(name: string, folder: string): Promise<string> {
  const prefix = join(folder, name);
  await mkdir(join(prefix, ".."), { recursive: true });
  await copyFile(join(FIXTURES, `${name}.index`), `${prefix}.index`);
  await writeFile(
    `${prefix}.${DATA}`,
    brotliDecompressSync(await readFile(join(FIXTURES, `${name}.${DATA}.br`))),
  );
  return prefix;
}

describe("parfocal import-miq", () => {
  let folder: string;
  let checkpoint: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    checkpoint = await unpacked("original/model.ckpt-77", folder);
  });

  it("makes a model that answers as TensorFlow does, patch by patch and for the frame", async () => {
    const out = join(folder, "miq");
    const { code, stdout, stderr } = await parfocal("import-miq", `${checkpoint}.index`, "--out", out);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain("These are not the published weights");
    const { card } = await openModel(out);
    expect(card).toMatchObject({ name: "miq", network: "yang2018", imported: { isPublished: false } });
    expect(card.description).toContain("google/microscopeimagequality");
    expect(card.training.steps).toBe(77);

    const scorer = await Scorer.load({ model: out, device: "cpu", tiling: "original" });
    const expected = await golden<Golden>("tensorflow/golden.json");
    const { width, height } = expected;
    const pixels = Uint16Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return 3000 + 40 * ((x * x + 3 * y * y + 5 * x * y) % 613);
    });
    const report = await scorer.score({ width, height, pixels });
    await scorer.dispose();
    expect([report.rows, report.columns]).toEqual([2, 2]);
    expect(largestDifference(report.probabilities, expected.probabilities.flat())).toBeLessThan(1e-5);
    expect(largestDifference(report.distribution, expected.distribution)).toBeLessThan(1e-5);
    expect(report.level).toBe(expected.level);
    for (const key of ["meanCertainty", "maxCertainty", "aggregateCertainty"] as const) {
      expect(report[key], key).toBeCloseTo(expected[key], 4);
    }
  });

  it("reads the same weights from a SavedModel, a checkpoint and a folder with one", async () => {
    await unpacked("saved-model/variables/variables", folder);
    const saved = await readOriginalModel(join(folder, "saved-model"));
    expect(saved.steps).toBeUndefined();
    for (const path of [checkpoint, `${checkpoint}.${DATA}`, join(folder, "original")]) {
      const { weights, steps, checksums } = await readOriginalModel(path);
      expect(steps).toBe(77);
      expect(checksums).toEqual(saved.checksums);
      for (const [name, { values }] of weights) {
        expect(Buffer.compare(bytesOf(values), bytesOf(saved.weights.get(name)!.values)), name).toBe(0);
      }
    }
  });

  it("refuses a file of values with one bit flipped, and writes nothing", async () => {
    const damaged = join(folder, "damaged");
    await copyFile(`${checkpoint}.index`, `${damaged}.index`);
    const bytes = await readFile(`${checkpoint}.${DATA}`);
    bytes[bytes.length >> 1]! ^= 4;
    await writeFile(`${damaged}.${DATA}`, bytes);
    const out = join(folder, "refused");
    const { code, stderr } = await parfocal("import-miq", damaged, "--out", out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/damaged.data-00000-of-00001: the checksum of fc3\/weights is wrong/);
    expect(stderr).not.toMatch(/\n\s+at /);
    await expect(openModel(out)).rejects.toThrow();
  });

  it("refuses what is another network, or nothing at all", async () => {
    await expect(readOriginalModel(join(FIXTURES, "small"))).rejects.toThrow(
      /not the network of the original: there is no variable conv1\/weights; there are 4: global_step, numbers/,
    );
    await expect(readOriginalModel(join(folder, "nowhere"))).rejects.toThrow(/no such file or folder/);
    await expect(readOriginalModel(await temporaryFolder())).rejects.toThrow(/holds no checkpoint/);
    const several = await temporaryFolder();
    for (const name of ["a", "b"])
      await copyFile(join(FIXTURES, "small.index"), join(several, `${name}.index`));
    await expect(readOriginalModel(several)).rejects.toThrow(
      /several checkpoints: name one of a.index, b.index/,
    );
  });
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
