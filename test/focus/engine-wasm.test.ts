import { describe, expect, it } from "vitest";
import { Scorer } from "../../src/focus/scorer.js";
import { SHIPPED_MODEL } from "../helpers/models.js";
import { expectAgreement } from "./engines.js";

describe("the tensorflow engine on WebAssembly", () => {
  it("agrees with the onnx engine on real frames to 1e-4", async () => {
    const scorer = await Scorer.load({ model: SHIPPED_MODEL, engine: "tensorflow", device: "wasm" });
    expect(scorer.engine).toMatch(/WebAssembly/);
    await expectAgreement(scorer);
    await scorer.dispose();
  });
});
