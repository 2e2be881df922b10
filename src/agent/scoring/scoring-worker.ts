/**
 * Worker thread that scores.
 * @module
 */
import { EngineError } from "../../errors.js";
import { Scorer, type ScorerOptions } from "../../focus/scorer.js";
import type { ModelIdentity } from "../../focus/scorer-types.js";
import { FrameReceiver } from "../../frame-receiver.js";
import type { FrameShape } from "../../frame-thread.js";
import { HandedOver, serveCalls } from "../../serve-calls.js";

export interface LoadedScorer {
  readonly model: ModelIdentity;
  readonly engine: string;
}

const frames = new FrameReceiver();
const inWork = new Map<number, AbortController>();
let scorer: Scorer | undefined;

frames.start();
serveCalls({
  async load(options: ScorerOptions): Promise<LoadedScorer> {
    scorer = await Scorer.load(options);
    return { model: scorer.model, engine: scorer.engine };
  },

  async score({ shape, binning }: { shape: FrameShape; binning: number }): Promise<HandedOver> {
    if (scorer === undefined) throw new EngineError("the scorer is not loaded");
    const stopping = new AbortController();
    inWork.set(shape.number, stopping);
    try {
      const report = await scorer.score(await frames.frame(shape), { signal: stopping.signal, binning });
      const arrays = [report.probabilities, report.certainties, report.distribution];
      return new HandedOver(
        report,
        arrays.map(({ buffer }) => buffer as ArrayBuffer),
      );
    } finally {
      inWork.delete(shape.number);
    }
  },

  abort(number: number): void {
    inWork.get(number)?.abort();
  },

  async stop(): Promise<void> {
    frames.stop();
    await scorer?.dispose();
  },
});
