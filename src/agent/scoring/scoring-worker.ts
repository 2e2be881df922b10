/**
 * Worker thread that scores.
 * @module
 */
import { EngineError } from "../../errors.js";
import type { FocusReport } from "../../focus/report.js";
import { Scorer, type ScorerOptions } from "../../focus/scorer.js";
import type { ModelIdentity, ScoreOptions } from "../../focus/scorer-types.js";
import { receivedFrame, type SentFrame } from "../../frame-memory.js";
import type { Frame } from "../../frames/frame.js";
import { HandedOver, serveCalls } from "../../serve-calls.js";

interface CallWithFrame {
  readonly number: number;
  readonly sent: SentFrame;
}

export interface LoadedScorer {
  readonly model: ModelIdentity;
  readonly engine: string;
}

const inWork = new Map<number, AbortController>();
let scorer: Scorer | undefined;

serveCalls({
  async load(options: ScorerOptions): Promise<LoadedScorer> {
    scorer = await Scorer.load(options);
    return { model: scorer.model, engine: scorer.engine };
  },

  score({ number, sent, ...options }: CallWithFrame & ScoreOptions): Promise<HandedOver> {
    return answerFor({ number, sent }, (scorer, frame, signal) =>
      scorer.score(frame, { ...options, signal }),
    );
  },

  completed({ number, sent, report }: CallWithFrame & { report: FocusReport }): Promise<HandedOver> {
    return answerFor({ number, sent }, (scorer, frame, signal) => scorer.completed(frame, report, signal));
  },

  abort(number: number): void {
    inWork.get(number)?.abort();
  },

  async stop(): Promise<void> {
    await scorer?.dispose();
  },
});

/** What a call makes of a frame, until it is aborted. */
async function answerFor(
  { number, sent }: CallWithFrame,
  run: (scorer: Scorer, frame: Frame, signal: AbortSignal) => Promise<FocusReport>,
): Promise<HandedOver> {
  if (scorer === undefined) throw new EngineError("the scorer is not loaded");
  const stopping = new AbortController();
  inWork.set(number, stopping);
  try {
    const report = await run(scorer, receivedFrame(sent), stopping.signal);
    const arrays = [report.probabilities, report.certainties, report.confidences, report.distribution];
    return new HandedOver(
      report,
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } finally {
    inWork.delete(number);
  }
}
