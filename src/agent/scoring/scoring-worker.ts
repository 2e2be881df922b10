/**
 * Worker thread that scores. What is to be done comes as a call, the pixels over a socket within the process.
 * @module
 */
import { workerData } from "node:worker_threads";
import { Pull } from "zeromq";
import { EngineError } from "../../errors.js";
import { Scorer, type ScorerOptions } from "../../focus/scorer.js";
import type { ModelIdentity } from "../../focus/scorer-types.js";
import type { PixelType } from "../../frames/frame.js";
import { HandedOver, serveCalls } from "../../serve-calls.js";

export interface ScoringWorkerData {
  /** Where the pixels come from. */
  readonly address: string;
}

/** A frame without its pixels, which follow under the same number. */
export interface FrameShape {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly dtype: PixelType;
  readonly bitDepth?: number;
}

export interface LoadedScorer {
  readonly model: ModelIdentity;
  readonly engine: string;
}

const pull = new Pull({ receiveHighWaterMark: 0, linger: 0 });
/** Pixels that have come before their call, and calls that have come before their pixels. */
const pixels = new Map<number, Buffer>();
const waiting = new Map<number, (bytes: Buffer) => void>();
const inWork = new Map<number, AbortController>();
let scorer: Scorer | undefined;

pull.connect((workerData as ScoringWorkerData).address);
void receive();

serveCalls({
  async load(options: ScorerOptions): Promise<LoadedScorer> {
    scorer = await Scorer.load(options);
    return { model: scorer.model, engine: scorer.engine };
  },

  async score({ number, dtype, ...shape }: FrameShape): Promise<HandedOver> {
    if (scorer === undefined) throw new EngineError("the scorer is not loaded");
    const stopping = new AbortController();
    inWork.set(number, stopping);
    try {
      const bytes = await pixelsOf(number);
      const frame = {
        ...shape,
        pixels:
          dtype === "uint8" ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : counts(bytes),
      };
      const report = await scorer.score(frame, { signal: stopping.signal });
      const arrays = [report.probabilities, report.certainties, report.distribution];
      return new HandedOver(
        report,
        arrays.map(({ buffer }) => buffer as ArrayBuffer),
      );
    } finally {
      inWork.delete(number);
    }
  },

  abort(number: number): void {
    inWork.get(number)?.abort();
  },

  /** An open socket would abort the process when the thread ends. */
  async stop(): Promise<void> {
    pull.close();
    await scorer?.dispose();
  },
});

async function receive(): Promise<void> {
  for await (const [head, bytes] of pull) {
    const number = Number(head);
    const resolve = waiting.get(number);
    waiting.delete(number);
    if (resolve === undefined) pixels.set(number, bytes!);
    else resolve(bytes!);
  }
}

function pixelsOf(number: number): Promise<Buffer> {
  const bytes = pixels.get(number);
  pixels.delete(number);
  if (bytes !== undefined) return Promise.resolve(bytes);
  return new Promise((resolve) => void waiting.set(number, resolve));
}

/** A message of a few bytes lies within a larger buffer, maybe at an odd place. */
function counts(bytes: Buffer): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}
