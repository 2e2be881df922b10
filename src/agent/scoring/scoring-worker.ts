/**
 * Worker thread that scores.
 * @module
 */
import { EngineError } from "../../errors.js";
import type { FocusReport } from "../../focus/report.js";
import { Scorer, type ScorerOptions } from "../../focus/scorer.js";
import type { ModelIdentity, ScoreOptions } from "../../focus/scorer-types.js";
import { FrameReceiver } from "../../frame-receiver.js";
import type { FrameShape } from "../../frame-thread.js";
import type { Frame } from "../../frames/frame.js";
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

  score({ shape, ...options }: { shape: FrameShape } & ScoreOptions): Promise<HandedOver> {
    return answerFor(shape, (scorer, frame, signal) => scorer.score(frame, { ...options, signal }));
  },

  completed({ shape, report }: { shape: FrameShape; report: FocusReport }): Promise<HandedOver> {
    return answerFor(shape, (scorer, frame, signal) => scorer.completed(frame, report, signal));
  },

  abort(number: number): void {
    inWork.get(number)?.abort();
  },

  async stop(): Promise<void> {
    frames.stop();
    await scorer?.dispose();
  },
});

/** What a call makes of a frame, until it is aborted. */
async function answerFor(
  shape: FrameShape,
  run: (scorer: Scorer, frame: Frame, signal: AbortSignal) => Promise<FocusReport>,
): Promise<HandedOver> {
  if (scorer === undefined) throw new EngineError("the scorer is not loaded");
  const stopping = new AbortController();
  inWork.set(shape.number, stopping);
  try {
    const report = await run(scorer, await frames.frame(shape), stopping.signal);
    const arrays = [report.probabilities, report.certainties, report.distribution];
    return new HandedOver(
      report,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } finally {
    inWork.delete(shape.number);
  }
}
