import { describe, expect, it } from "vitest";
import { Scorer } from "../../src/focus/scorer.js";
import { SHIPPED_MODEL } from "../helpers/models.js";
import { native, WHERE_NATIVE_LOADS } from "../helpers/native-runtime.js";
import { expectAgreement } from "./engines.js";

describe.runIf(native)(`the tensorflow engine on ${WHERE_NATIVE_LOADS}`, () => {
  it("agrees with the onnx engine on real frames to 1e-4", async () => {
    const scorer = await Scorer.load({ model: SHIPPED_MODEL, engine: "tensorflow", device: "native" });
    expect(scorer.engine).toMatch(/native CPU/);
    await expectAgreement(scorer);
    await scorer.dispose();
  });
});
