import { copyFile, cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ModelError, OutputError, TrainingError } from "../../src/errors.js";
import { openModel, sha256Of } from "../../src/focus/model.js";
import { CONTENT_CONDITIONS } from "../../src/focus/model-card.js";
import { Scorer } from "../../src/focus/scorer.js";
import { CONTENT_TENSORS } from "../../src/networks/content.js";
import { unpackWeights } from "../../src/networks/weights.js";
import { Random } from "../../src/optics/random.js";
import type { ImageSet } from "../../src/training/image-set.js";
import { type TrainOptions, type TrainOutcome, train } from "../../src/training/train.js";
import { largestDifference } from "../helpers/golden.js";
import { DATA, dataFrame } from "../helpers/images.js";
import { randomModel, SHIPPED_MODEL, temporaryFolder } from "../helpers/models.js";
import { runtime } from "../helpers/wasm-runtime.js";
import { SMALL_RECIPE } from "./run-trainer.js";

const PLATE = ["dsb_520x696_6b72b61b80.png", "dsb_520x696_175dbb364b.png", "dsb_520x696_3f9fc8e63f.png"];
const BROKEN = join(import.meta.dirname, "../fixtures/frames/broken_text.tif");

async function optionsFor(overrides: Partial<TrainOptions> = {}): Promise<TrainOptions> {
  const folder = await temporaryFolder();
  const manifest = join(folder, "manifest.csv");
  const rows = PLATE.map((file, i) => `${join(DATA, "plate", file)},field${i},lab@1,CC0`);
  await writeFile(
    manifest,
    ["file,field_id,source,licence", ...rows, `${BROKEN},field9,lab@1,CC0`].join("\n"),
  );
  return {
    images: [manifest],
    out: join(folder, "tiny"),
    network: "compact",
    steps: 2,
    learningRate: 0.002,
    seed: 1,
    heldOutShare: 0.3,
    threads: 1,
    checkpointSeconds: 1000,
    recipe: SMALL_RECIPE,
    resume: false,
    runtime,
    command: "parfocal train tiny",
    clock: () => performance.now(),
    ...overrides,
  };
}

/** What a promise is rejected with. */
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe("train", () => {
  let options: TrainOptions;
  let outcome: TrainOutcome;
  let images: ImageSet;
  beforeAll(async () => {
    options = await optionsFor({
      onImages: (set) => {
        images = set;
      },
    });
    outcome = await train(options);
  });

  it("trains on all images that can be read and names those that cannot", () => {
    expect(outcome.finished).toBe(true);
    expect(images.sources.map(({ fieldId }) => fieldId)).toEqual(["field0", "field1", "field2"]);
    expect(images.leftOut.length).toBe(1);
    expect(images.leftOut[0]).toContain("broken_text.tif: this is neither a TIFF nor a PNG");
  });

  it("writes a model that opens, with a card that says what it was made from", async () => {
    const { card, onnx, sha256 } = await openModel(options.out);
    expect(card).toMatchObject({ name: "tiny", network: "compact", levels: 11, patchPx: 84 });
    expect(card.training).toMatchObject({
      command: "parfocal train tiny",
      engine: runtime.description,
      steps: 2,
      seed: 1,
      licences: { CC0: 3 },
    });
    expect(card.training.images.map(({ split }) => split).sort()).toEqual([
      "held-out",
      "training",
      "training",
    ]);
    expect(card.optics).toEqual({
      levelUm: 2,
      numericalAperture: 0.5,
      wavelengthNm: 500,
      refractiveIndex: 1,
      pixelUm: 0.65,
    });
    expect(card.metrics.map(({ name }) => name)).toEqual([
      "patches at the exact level",
      "patches within one level",
    ]);
    expect([card.files["model.onnx"].sha256, card.files["model.onnx"].bytes]).toEqual([
      sha256Of(onnx),
      onnx.length,
    ]);
    expect(sha256).toBe(sha256Of(await readFile(join(options.out, "model.onnx"))));
  });

  it("exports the weights that it trained and checks the graph against them to 1e-4", async () => {
    expect(outcome.exportDifference).toBeLessThan(1e-4);
    const { weights } = unpackWeights(await readFile(join(options.out, "weights.safetensors")));
    expect(weights).toEqual(outcome.result.weights);
    expect(await (await openModel(options.out)).weights()).toEqual(weights);
  });

  it("writes a model that a Scorer loads and scores with", async () => {
    const scorer = await Scorer.load({ model: options.out, device: "cpu" });
    const { level, rows, columns } = await scorer.score(await dataFrame(`plate/${PLATE[0]}`));
    await scorer.dispose();
    expect(scorer.model.name).toBe("tiny");
    expect([rows, columns]).toEqual([7, 9]);
    expect(level).toBeGreaterThanOrEqual(0);
  });

  it.each(["model.onnx", "weights.safetensors"])(
    "leaves a model that is refused by name once %s is tampered with",
    async (file) => {
      const copy = join(await temporaryFolder(), "copy");
      await cp(options.out, copy, { recursive: true });
      const bytes = await readFile(join(copy, file));
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(join(copy, file), bytes);
      const error = await failure(openModel(copy).then((model) => model.weights()));
      expect(error).toBeInstanceOf(ModelError);
      expect(error!.message).toContain(`model ${copy}: ${file} is not the file that its card describes`);
    },
  );

  it("does not begin anew where an earlier training has left something", async () => {
    const before = await readdir(options.out);
    for (const file of before) {
      const out = await temporaryFolder();
      await copyFile(join(options.out, file), join(out, file));
      const error = await failure(train({ ...options, out }));
      expect(error).toBeInstanceOf(OutputError);
      expect(error!.message).toContain(`${join(out, file)}: is there already`);
      expect(await readdir(out)).toEqual([file]);
    }
    expect(before).toContain("checkpoint.safetensors");
  });

  it("refuses to resume with other settings and names them", async () => {
    const error = await failure(train({ ...options, resume: true, seed: 2, learningRate: 0.1 }));
    expect(error).toBeInstanceOf(TrainingError);
    expect(error!.message).toMatch(/checkpoint\.safetensors: .* other seed, learningRate/);
  });

  it("refuses to resume on other images", async () => {
    const other = join(await temporaryFolder(), "manifest.csv");
    const rows = PLATE.slice(0, 2).map((file, i) => `${join(DATA, "plate", file)},field${i}`);
    await writeFile(other, ["file,field_id", ...rows].join("\n"));
    expect((await failure(train({ ...options, resume: true, images: [other] })))!.message).toMatch(
      /other images/,
    );
  });
});

describe("train before its first step", () => {
  it("refuses images of one field", async () => {
    const error = await failure(train(await optionsFor({ images: [join(DATA, "plate", PLATE[0]!)] })));
    expect(error).toBeInstanceOf(TrainingError);
    expect(error!.message).toMatch(/at least two fields/);
  });

  it("refuses to resume where no checkpoint is", async () => {
    const error = await failure(train(await optionsFor({ resume: true })));
    expect(error).toBeInstanceOf(TrainingError);
    expect(error!.message).toMatch(/tiny\/checkpoint\.safetensors: there is no checkpoint to go on from/);
  });

  it("names a model folder that cannot be made", async () => {
    const error = await failure(train(await optionsFor({ out: join(BROKEN, "model") })));
    expect(error).toBeInstanceOf(OutputError);
    expect(error!.message).toContain(join(BROKEN, "model"));
  });

  it("goes on with the network of the model it starts from, or widens it to the one asked for", async () => {
    const folder = await randomModel();
    const { network: _, ...same } = await optionsFor({ startFrom: folder, learningRate: 0, steps: 1 });
    const { result } = await train(same);
    expect(result.weights.get("conv1/weights")!.shape).toEqual([4, 4, 1, 16]);
    const wide = await train(await optionsFor({ startFrom: folder, network: "medium", steps: 1 }));
    expect(wide.result.weights.get("conv1/weights")!.shape).toEqual([4, 4, 1, 24]);
    const paper = await failure(train(await optionsFor({ startFrom: folder, network: "yang2018" })));
    expect(paper).toBeInstanceOf(TrainingError);
    expect(paper!.message).toMatch(/cannot go on from .* \(compact\): .* more than the width/);
  });

  it("without a step keeps every level of the model it starts from, and learns anew what shows structure", async () => {
    const recipe = { ...SMALL_RECIPE, batchSize: 16, patchesPerRegion: 4 };
    const overrides = { startFrom: SHIPPED_MODEL, steps: 0, recipe, threads: 2 };
    const { network: _, ...options } = await optionsFor(overrides);
    expect((await train(options)).finished).toBe(true);

    const [made, shipped] = [await openModel(options.out), await openModel(SHIPPED_MODEL)];
    expect(made.card).toMatchObject({
      conditions: CONTENT_CONDITIONS,
      confidence: shipped.card.confidence,
      readings: shipped.card.readings,
    });
    expect((await made.weights()).get(CONTENT_TENSORS.hidden)).not.toEqual(
      (await shipped.weights()).get(CONTENT_TENSORS.hidden),
    );
    const reportsOf = async (model: string) => {
      const scorer = await Scorer.load({ model, device: "cpu" });
      const field = await scorer.score(await dataFrame(`plate/${PLATE[0]}`), { coverage: "full" });
      const random = new Random(1);
      const pixels = Uint16Array.from({ length: 252 * 252 }, () => random.poisson(300));
      const noise = await scorer.score({ width: 252, height: 252, pixels });
      await scorer.dispose();
      return { field, noise };
    };
    const [anew, before] = [await reportsOf(options.out), await reportsOf(SHIPPED_MODEL)];
    expect(largestDifference(anew.field.probabilities, before.field.probabilities)).toBeLessThan(1e-6);
    expect(anew.field.structure).toBeGreaterThan(1);
    expect(anew.noise.structure).toBeLessThan(-1);
    expect(anew.field.strangeness).toBeLessThan(1.5);
  }, 300_000);

  it("tells what shows nothing where the model it starts from does, however short the training, and says where it cannot", async () => {
    const from = (batchSize: number, out: string) =>
      optionsFor({
        ...{ startFrom: SHIPPED_MODEL, steps: 1, network: "medium", out, threads: 2 },
        recipe: { ...SMALL_RECIPE, batchSize, patchesPerRegion: 4 },
      });
    const folder = await temporaryFolder();
    const [enough, few] = [join(folder, "enough"), join(folder, "few")];
    expect((await train(await from(16, enough))).tellsLess).toBe(false);
    expect((await train(await from(4, few))).tellsLess).toBe(true);
    expect((await openModel(enough)).card.conditions).toMatchObject(CONTENT_CONDITIONS);
    expect((await openModel(few)).card.conditions).not.toHaveProperty("leastStructure");
  }, 300_000);

  it("starts from another model's weights: with a learning rate of nothing it keeps them", async () => {
    const folder = await randomModel();
    const options = await optionsFor({ startFrom: folder, learningRate: 0, steps: 1 });
    const { result } = await train(options);
    const start = await (await openModel(folder)).weights();
    expect(result.weights.get("conv3/weights")).toEqual(start.get("conv3/weights"));
  });
});
