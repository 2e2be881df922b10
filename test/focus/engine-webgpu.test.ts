import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { EngineError } from "../../src/errors.js";
import { webgpuAbsence } from "../../src/focus/engines/gpu-presence.js";
import { Scorer } from "../../src/focus/scorer.js";
import { SHIPPED_MODEL } from "../helpers/models.js";
import { expectAgreement } from "./engines.js";

const started: Scorer | Error = await Scorer.load({ model: SHIPPED_MODEL, device: "webgpu" }).catch(
  (error: unknown) => error as Error,
);
const webgpu = started instanceof Scorer ? started : undefined;
if (webgpu === undefined && process.env.CI === "true" && process.platform === "linux") {
  throw new Error("CI needs a Vulkan device for WebGPU: scripts/install-software-vulkan", { cause: started });
}

describe.runIf(webgpu)("the onnx engine on WebGPU", () => {
  it("agrees with the CPU on real frames to 1e-4", async () => {
    expect(webgpu!.engine).toMatch(/on webgpu$/);
    await expectAgreement(webgpu!);
    await webgpu!.dispose();
  }, 120_000);
});

describe.skipIf(webgpu)("the onnx engine where no WebGPU device is", () => {
  it("refuses device webgpu with the reason and what runs everywhere", () => {
    expect(started).toBeInstanceOf(EngineError);
    expect((started as Error).message).toMatch(
      /^ONNX Runtime does not start: webgpu: .*WebGPU.*--device cpu runs everywhere$/s,
    );
  });

  it("takes the CPU for auto and says why not a GPU", async () => {
    const scorer = await Scorer.load({ model: SHIPPED_MODEL });
    expect(scorer.engine).toMatch(/^ONNX Runtime [\d.]+ on c(uda|pu \(cuda: .+; webgpu: .+\))/);
    await scorer.dispose();
  });
});

describe.runIf(process.platform === "linux")("webgpuAbsence", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("does not take a software Vulkan device for a GPU", () => {
    vi.stubEnv("VK_DRIVER_FILES", join("icd.d", "lvp_icd.x86_64.json"));
    expect(webgpuAbsence()).toBe("the only Vulkan device is a software one");
  });
});
