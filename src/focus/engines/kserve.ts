import { z } from "zod";
import { EngineError, fetchReason, isParfocalError, reasonOf } from "../../errors.js";
import type { Frame } from "../../frames/frame.js";
import { LEVELS } from "../levels.js";
import type { FocusModel } from "../model.js";
import { disagreement } from "./agreement.js";
import type { EngineOptions, FocusEngine, PatchScores } from "./engine.js";
import { startOnnx } from "./onnx.js";

/** Longest wait for one answer. */
const ANSWER_MS = 3000;
/** A busy server is asked so many times in all. */
const ATTEMPTS = 2;
/** After a failure, so many frames are scored locally before the server is asked again. */
const LOCAL_RUNS = 50;
/** Answers of a server that may do better the next time. */
const BUSY = new Set([429, 500, 502, 503, 504]);

/** The numbers of a tensor in row order; the protocol allows them flat, and nested by its shape. */
const Tensor = z
  .array(z.unknown())
  .transform((data) => data.flat(Number.POSITIVE_INFINITY))
  .pipe(z.array(z.number()));

const Answer = z.object({
  outputs: z.array(z.object({ name: z.string(), data: Tensor })),
});

/** Name under which a server has a model: the folder that `parfocal export triton` writes. */
export function servedName(model: FocusModel): string {
  return `parfocal-${model.card.name}`;
}

/**
 * A server of the Open Inference Protocol v2 over HTTP (Triton, KServe, MLServer, OpenVINO Model Server). While it does not
 * answer, ONNX Runtime on this machine scores, which is said once.
 * @throws EngineError when no server is named, or when it answers otherwise than the model does here.
 */
export async function startKserve(model: FocusModel, options: EngineOptions): Promise<FocusEngine> {
  const server = serverUrl(options.server);
  const local = await startOnnx(model, options);
  const engine = new KserveEngine(new RemoteModel(server, servedName(model)), local);
  try {
    await engine.connect();
  } catch (error) {
    await local.dispose();
    throw error;
  }
  return engine;
}

function serverUrl(server: string | undefined): URL {
  if (server !== undefined && URL.canParse(server) && /^https?:$/.test(new URL(server).protocol)) {
    return new URL(server.endsWith("/") ? server : `${server}/`);
  }
  const given = server === undefined ? "none is named" : `"${server}" is none`;
  throw new EngineError(
    `The engine kserve needs a server's address: ${given}; --server http://127.0.0.1:8000`,
  );
}

class KserveEngine implements FocusEngine {
  readonly #remote: RemoteModel;
  readonly #local: FocusEngine;
  #description = "";
  /** Of the server: whether it was found to answer as the model does. */
  #trust: "unknown" | "trusted" | "refused" = "unknown";
  /** What was last said about the server; undefined while it answers. */
  #said: string | undefined;
  #localRuns = 0;

  constructor(remote: RemoteModel, local: FocusEngine) {
    this.#remote = remote;
    this.#local = local;
  }

  get description(): string {
    return this.#description;
  }

  /** @throws EngineError when the server answers otherwise than the model does here. */
  async connect(): Promise<void> {
    try {
      await this.#check();
      this.#description = `${this.#remote.description}; meanwhile, if it fails: ${this.#local.description}`;
    } catch (error) {
      if (this.#trust === "refused") throw error;
      this.#localRuns = LOCAL_RUNS;
      this.#said = reasonOf(error);
      this.#description = `${this.#local.description}, because ${this.#said}`;
    }
  }

  async run(frame: Frame): Promise<PatchScores> {
    if (this.#trust === "refused" || this.#localRuns > 0) {
      this.#localRuns--;
      return this.#local.run(frame);
    }
    try {
      if (this.#trust === "unknown") await this.#check();
      const scores = await this.#remote.run(frame);
      this.#said = undefined;
      return scores;
    } catch (error) {
      if (!isParfocalError(error, "EngineError")) throw error;
      this.#localRuns = LOCAL_RUNS;
      this.#sayOnce(`${error.message}; scored on this machine meanwhile`);
      return this.#local.run(frame);
    }
  }

  dispose(): Promise<void> {
    return this.#local.dispose();
  }

  async #check(): Promise<void> {
    const worst = await disagreement(this.#local, this.#remote);
    this.#trust = worst === undefined ? "trusted" : "refused";
    if (worst !== undefined) {
      const off = `its probabilities differ from the model's by ${worst.toFixed(3)}`;
      throw new EngineError(
        `${this.#remote.description}: ${off}; give the server the model that parfocal export triton writes`,
      );
    }
  }

  /** Once for each time that the server goes away. */
  #sayOnce(message: string): void {
    if (this.#said === undefined) process.emitWarning(message, { type: "ParfocalWarning" });
    this.#said = message;
  }
}

/** The model on the server. */
class RemoteModel implements FocusEngine {
  readonly description: string;
  readonly #url: URL;

  constructor(server: URL, name: string) {
    this.#url = new URL(`v2/models/${encodeURIComponent(name)}/infer`, server);
    this.description = `${name} at ${server.origin}`;
  }

  /** @throws EngineError when the server gives no answer in time, or none that can be used. */
  async run({ width, height, pixels }: Frame): Promise<PatchScores> {
    const frame = { name: "frame", shape: [height, width], datatype: "UINT16", data: Array.from(pixels) };
    const answer = await this.#ask(JSON.stringify({ inputs: [frame] }));
    const values = (name: string) => answer.get(name) ?? new Float32Array();
    const [probabilities, certainties] = [values("probabilities"), values("certainty")];
    const [distribution, summary] = [values("distribution"), values("frame_certainties")];
    const [aggregateCertainty, meanCertainty, maxCertainty] = summary;
    const [structures, strangenesses] = [values("structure"), values("strangeness")];
    const patches = certainties.length;
    if (
      certainties.length === 0 ||
      probabilities.length !== certainties.length * LEVELS ||
      distribution.length !== LEVELS ||
      summary.length !== 3
    ) {
      throw this.#failed("its answer is not that of a Parfocal model");
    }
    return {
      probabilities,
      certainties,
      distribution,
      aggregateCertainty: aggregateCertainty!,
      meanCertainty: meanCertainty!,
      maxCertainty: maxCertainty!,
      ...(structures.length === patches && strangenesses.length === patches && { structures, strangenesses }),
    };
  }

  async dispose(): Promise<void> {}

  /** Outputs by name. */
  async #ask(body: string): Promise<Map<string, Float32Array>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(this.#url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        if (response.ok) {
          const { outputs } = Answer.parse(await response.json());
          return new Map(outputs.map(({ name, data }) => [name, Float32Array.from(data)]));
        }
        await response.body?.cancel();
        if (attempt >= ATTEMPTS || !BUSY.has(response.status)) {
          throw this.#failed(`HTTP status ${response.status}`);
        }
      } catch (cause) {
        if (isParfocalError(cause)) throw cause;
        if (cause instanceof z.ZodError) throw this.#failed("its answer is not of the protocol", cause);
        // A server that took its time once would take it again, and the microscope waits.
        const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
        const reason = isTimeout ? `no answer within ${ANSWER_MS / 1000} s` : fetchReason(cause);
        if (isTimeout || attempt >= ATTEMPTS) throw this.#failed(reason, cause);
      }
    }
  }

  #failed(reason: string, cause?: unknown): EngineError {
    return new EngineError(`${this.description} does not score: ${reason}`, { cause });
  }
}
