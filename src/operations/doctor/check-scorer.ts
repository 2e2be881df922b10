import { isParfocalError, reasonOf } from "../../errors.js";
import { Scorer } from "../../focus/scorer.js";
import type { Frame } from "../../frames/frame.js";
import { Random } from "../../optics/random.js";
import { type Check, failed, ok, warning } from "./check.js";

/** Side of the frame that is tried, px: a common camera's, cut to a quarter. */
const SIDE_PX = 1024;
/** Frames before the one that is timed: an engine prepares itself for a size. */
const WARM_UP = 2;
/** Slower than this, a gate holds an acquisition up noticeably, ms. */
const SLOW_MS = 500;

/** The model, and what computes. */
export const checkScorer: Check = async ({ scorer: { engine, device, server, model, threads } }) => {
  let scorer: Scorer;
  try {
    scorer = await Scorer.load({
      ...{ engine, device },
      ...(server !== undefined && { server }),
      ...(model !== undefined && { model }),
      ...(threads !== undefined && { threads }),
    });
  } catch (error) {
    return isParfocalError(error, "ModelError")
      ? [
          failed(
            "model",
            reasonOf(error),
            "install Parfocal again, or set scorer.model to a complete model folder",
          ),
        ]
      : [failed("engine", reasonOf(error), "set scorer.engine and scorer.device to what this machine has")];
  }
  try {
    const findings = [
      ok("model", `${scorer.model.name}, SHA-256 ${scorer.model.sha256.slice(0, 16)}… as on its card`),
    ];
    const frame = noise();
    for (let i = 0; i < WARM_UP; i++) await scorer.score(frame);
    const startMs = performance.now();
    await scorer.score(frame);
    const tookMs = performance.now() - startMs;
    const words = `${scorer.engine}; ${tookMs.toFixed(0)} ms for ${SIDE_PX} x ${SIDE_PX} px`;
    const advice = "close other programs, or use a GPU (docs/gpu.md)";
    findings.push(tookMs > SLOW_MS ? warning("engine", words, advice) : ok("engine", words));
    return findings;
  } catch (error) {
    return [failed("engine", reasonOf(error), "set scorer.device to cpu")];
  } finally {
    await scorer.dispose();
  }
};

function noise(): Frame {
  const random = new Random(1);
  const pixels = Uint16Array.from({ length: SIDE_PX * SIDE_PX }, () => 200 + 100 * random.uniform());
  return { width: SIDE_PX, height: SIDE_PX, pixels };
}
