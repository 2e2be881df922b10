import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createAgent } from "../../src/agent/create-agent.js";
import { Scorer } from "../../src/focus/scorer.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { Defocus, toFloat } from "../../src/optics/defocus.js";
import { Random } from "../../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../../src/optics/sensor.js";
import { cornerOf } from "../helpers/images.js";
import { silent, TestController, temporaryFolder, testConfig } from "./helpers.js";

const plate = fileURLToPath(new URL("../../data/plate", import.meta.url));
const images = readdirSync(plate).filter((name) => name.endsWith(".png"));

/** Side of a field of view: four patches. */
const FIELD_PX = 340;

/** A field of view whose image is that of an in-focus one, blurred as its distance from focus demands. */
async function fieldOf(name: string, focusUm: number) {
  for await (const { frame } of readFrames(join(plate, name))) {
    const { width, height } = cornerOf(frame, FIELD_PX);
    const sharp = toFloat(cornerOf(frame, FIELD_PX));
    const defocus = new Defocus(width, height);
    const imageAt = (zUm: number) =>
      Uint16Array.from(defocus.apply(sharp, zUm - focusUm), (count) => Math.round(count * 100) + 200);
    return { shape: [height, width] as [number, number], imageAt };
  }
  throw new Error(`${name} holds no frame`);
}

/** All that a controller has to do. */
async function acquire(controller: TestController, image: string, focusUm: number, name: string = image) {
  const { shape, imageAt } = await fieldOf(image, focusUm);
  let zUm = 0;
  for (let attempt = 0; ; attempt++) {
    const fields = { site: { name }, attempt, zUm, shape, dtype: "uint16" as const };
    const { id } = await controller.sendFrame(fields, imageAt(zUm));
    const verdict = await controller.answerTo(id);
    if (verdict.type !== "verdict") throw new Error(`got ${verdict.type}`);
    if (verdict.action?.kind === "move-z") zUm += verdict.action.byUm;
    if (!verdict.acquireAgain) return { zUm, verdict };
  }
}

describe("the agent with the shipped model", () => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await Scorer.load({ device: "cpu" });
  });
  afterAll(() => scorer.dispose());

  async function controller() {
    const config = testConfig(await temporaryFolder());
    const agent = await createAgent(config, { scorer, log: silent, version: "1" });
    const { zeromq } = await agent.start();
    onTestFinished(() => agent.stop());
    return { agent, controller: new TestController(zeromq!) };
  }

  test.each([
    { focusUm: 6, side: "the first side" },
    { focusUm: -8, side: "the other side" },
    { focusUm: 14, side: "far away" },
  ])("brings a site $focusUm um out of focus, on $side, back within one level", async ({ focusUm }) => {
    const { controller: scope } = await controller();

    const { zUm, verdict } = await acquire(scope, images[0]!, focusUm);

    expect(verdict).toMatchObject({ decision: "accept", model: { name: "default" } });
    expect(Math.abs(zUm - focusUm)).toBeLessThanOrEqual(2);
  });

  test("judges small pixels behind a known aperture binned: each patch covers 168 x 168 px", async () => {
    const { controller: scope } = await controller();
    const { shape, imageAt } = await fieldOf(images[0]!, 0);
    const levelOf = async (fields: object) => {
      const { id } = await scope.sendFrame(
        { shape, dtype: "uint16", mode: "observe", ...fields },
        imageAt(4),
      );
      const verdict = await scope.answerTo(id);
      if (verdict.type !== "verdict") throw new Error(`got ${verdict.type}`);
      return verdict.expectedLevel;
    };
    const [height, width] = shape;
    const optics = { na: 1.4, refractiveIndex: 1.515 };

    const plain = await levelOf({ id: "plain", site: { name: "a" } });
    const fine = await levelOf({ id: "fine", site: { name: "b" }, optics, pixelUm: 0.065 });

    const frame = { width, height, pixels: imageAt(4) };
    expect(plain).toBeCloseTo((await scorer.score(frame)).expectedLevel, 3);
    expect(fine).toBeCloseTo((await scorer.score(frame, { binning: 2 })).expectedLevel, 3);
    expect(Math.abs(fine - plain)).toBeGreaterThan(0.01);
  });

  test("leaves sites in focus where they are, and looks no further once it knows how sharp the run gets", async () => {
    const { controller: scope, agent } = await controller();

    for (const site of ["a", "b", "c"]) expect((await acquire(scope, images[1]!, 0, site)).zUm).toBe(0);
    const { received } = agent.health();
    expect((await acquire(scope, images[1]!, 0, "d")).zUm).toBe(0);

    expect(agent.health()).toMatchObject({ received: received + 1, verdicts: { accept: 4 } });
  });

  test("abstains on an empty field and does not hunt", async () => {
    const { controller: scope } = await controller();
    const camera = { ...IDEAL_SENSOR, electronsPerCount: 0.5, readNoiseCounts: 3, offsetCounts: 100 };
    const empty = expose(new Float32Array(300 * 300).fill(200), camera, new Random(1));

    const { id } = await scope.sendFrame({ shape: [300, 300], dtype: "uint16" }, empty);

    expect(await scope.answerTo(id)).toMatchObject({ decision: "abstain", acquireAgain: false });
  });

  test("refuses a frame smaller than one patch and goes on", async () => {
    const { controller: scope } = await controller();

    const { id } = await scope.sendFrame({ shape: [10, 10] });

    expect(await scope.answerTo(id)).toMatchObject({ type: "error", code: "unscorable" });
    expect((await acquire(scope, images[2]!, 0)).verdict.decision).toBe("accept");
  });
});
