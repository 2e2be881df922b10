import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ModelError } from "../../src/errors.js";
import { openModel } from "../../src/focus/model.js";
import { weightCount } from "../../src/networks/architecture.js";
import { CONTENT_TENSORS } from "../../src/networks/content.js";
import { networkNamed } from "../../src/networks/registry.js";
import { randomModel, SHIPPED_MODEL, temporaryFolder } from "../helpers/models.js";

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

const CONTENT: ReadonlySet<string> = new Set(Object.values(CONTENT_TENSORS));

describe("a model of a name that does not ship", () => {
  it("is refused with the names of those that are there", async () => {
    const folder = await temporaryFolder();
    expect((await failure(openModel("none", folder)))?.message).toContain(`(none in ${folder})`);
    for (const name of ["oil", "air"]) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "card.json"), "{}");
    }
    await mkdir(join(folder, "no-model"));
    expect((await failure(openModel("none", folder)))?.message).toContain("(there is: air, oil)");
  });
});

describe("the shipped model", () => {
  it("opens by name, is under 1 MiB and matches its card", async () => {
    const { card, onnx } = await openModel(SHIPPED_MODEL);
    expect(onnx.length).toBeLessThan(2 ** 20);
    expect(card.name).toBe("default");
    expect(card.weightCount).toBe(weightCount(networkNamed(card.network), 84));
  });

  it("has weights of finite numbers, those of its network and those that tell what a frame shows", async () => {
    const model = await openModel(SHIPPED_MODEL);
    const weights = await model.weights();
    const own = [...weights].filter(([name]) => !CONTENT.has(name));
    expect(own.reduce((sum, [, { values }]) => sum + values.length, 0)).toBe(model.card.weightCount);
    expect(weights.size - own.length).toBe(CONTENT.size);
    for (const [name, { values }] of weights) expect(values.every(Number.isFinite), name).toBe(true);
  });

  it("names source, original path and licence of every image that it was trained on", async () => {
    const { images, licences } = (await openModel(SHIPPED_MODEL)).card.training;
    expect(images.length).toBeGreaterThan(100);
    for (const image of images) {
      expect(image.source, image.file).toBeTruthy();
      expect(image.originalPath, image.file).toBeTruthy();
      expect(image.licence, image.file).toBeTruthy();
    }
    expect(Object.values(licences).reduce((a, b) => a + b)).toBe(images.length);
    const fields = (split: string) =>
      new Set(images.filter((image) => image.split === split).map(({ fieldId }) => fieldId));
    expect([...fields("held-out")].filter((field) => fields("training").has(field))).toEqual([]);
  });
});

describe("openModel", () => {
  let whole: string;
  beforeAll(async () => {
    whole = await randomModel();
  });

  async function damaged(
    damage: (folder: string) => Promise<void>,
  ): Promise<{ folder: string; error: Error | undefined }> {
    const folder = join(await temporaryFolder(), "copy");
    await cp(whole, folder, { recursive: true });
    await damage(folder);
    return { folder, error: await failure(openModel(folder)) };
  }

  it("gives bytes, hash and card of a whole folder", async () => {
    const model = await openModel(whole);
    expect(model.folder).toBe(whole);
    expect(Buffer.from(model.onnx).equals(await readFile(join(whole, "model.onnx")))).toBe(true);
    expect(model.sha256).toBe(model.card.files["model.onnx"].sha256);
  });

  it.each(["card.json", "model.onnx"])("names %s when it is missing", async (file) => {
    const { folder, error } = await damaged((copy) => rm(join(copy, file)));
    expect(error).toBeInstanceOf(ModelError);
    expect(error!.message).toContain(`model ${folder}: ${file} cannot be read`);
  });

  it("refuses a graph that is not the one its card describes, by name", async () => {
    const { folder, error } = await damaged(async (copy) => {
      const bytes = await readFile(join(copy, "model.onnx"));
      bytes[bytes.length - 1]! ^= 255;
      await writeFile(join(copy, "model.onnx"), bytes);
    });
    expect(error).toBeInstanceOf(ModelError);
    expect(error!.message).toContain(`model ${folder}: model.onnx is not the file that its card describes`);
  });

  it.each([
    ["is no JSON", () => "{", /card\.json is not a model card: /],
    [
      "lacks a key",
      (text: string) => text.replace('"inFocusLevel"', '"other"'),
      /card\.json is not a model card: conditions\.inFocusLevel: /,
    ],
    [
      "is of another version",
      (text: string) => text.replace('"version": 1', '"version": 2'),
      /card\.json is not a model card: version: /,
    ],
  ])("refuses a card that %s, in one line", async (_, change, reason) => {
    const { error } = await damaged(async (copy) => {
      const path = join(copy, "card.json");
      await writeFile(path, change(await readFile(path, "utf8")));
    });
    expect(error).toBeInstanceOf(ModelError);
    expect(error!.message).toMatch(reason);
    expect(error!.message).not.toContain("\n");
  });
});
