import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AgentConfig } from "../config/schema.js";
import { reasonOf } from "../errors.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import type { Clock } from "../protocol/clock.js";
import type { OutcomeMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import { RefocusPolicy } from "../refocus/policy.js";
import { rulesFor } from "../refocus/thresholds.js";
import type { Sink, SinkCounts } from "../sinks/sink.js";
import { cameraUse, whilePaused } from "../sources/micromanager/acquisition-pause.js";
import { MicroManagerConnection } from "../sources/micromanager/connection.js";
import { MicroManagerMicroscope } from "../sources/micromanager/microscope.js";
import { focusHere } from "./focus-loop.js";
import { allowedRange } from "./z-range.js";

/** One name for all searches, so that the policy learns from one to the next. */
const SESSION = "micro-manager-actuator";

interface ActuatorParts {
  readonly scorer: FrameScorer;
  readonly log: Logger;
  readonly clock: Clock;
  /** Takes what became of each search, for the records of the run. */
  readonly onOutcome?: (outcome: OutcomeMessage) => void;
}

/**
 * Watches what is recorded. When a fresh file of the folder source is blurred while Micro-Manager acquires, pauses the
 * acquisition, refocuses where the microscope stands, and lets the acquisition go on. One at a time, then none for a
 * while. Whatever goes wrong is logged, and is the end of that attempt only.
 */
export class MicroManagerActuator implements Sink {
  readonly #config: AgentConfig;
  readonly #parts: ActuatorParts;
  readonly #policy: RefocusPolicy;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** On the monotonic clock, ms. */
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #done = 0;
  #failures = 0;

  constructor(config: AgentConfig, parts: ActuatorParts) {
    this.#config = config;
    this.#parts = parts;
    this.#policy = new RefocusPolicy(config.policy);
  }

  /** Connects to nothing yet: Micro-Manager may be started later, and again. */
  async start(): Promise<string> {
    if (!this.#config.sources.folder.enabled) {
      this.#parts.log.warn(
        "actuator.micromanager is enabled, but sources.folder is not: it has nothing to watch",
      );
    }
    return this.#connection().address;
  }

  write(record: ResultRecord): void {
    const file = this.#blurredFile(record);
    if (file === undefined || this.#running !== undefined || this.#stopping.signal.aborted) return;
    if (this.#parts.clock.now() < this.#restsUntilMs) {
      this.#parts.log.debug({ file }, "Blurred; not refocused so soon after the last time");
      return;
    }
    this.#running = this.#respond(file).finally(() => {
      this.#running = undefined;
    });
  }

  /** `written`: searches that came to an end; `failures`: those that did not. */
  counts(): SinkCounts {
    return { written: this.#done, failures: this.#failures, lost: 0 };
  }

  /** Ends a search at the best z that was seen. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Path of the file that a record is about, if it is blurred and no controller is there to refocus. */
  #blurredFile(record: ResultRecord): string | undefined {
    if (record.type !== "verdict" || record.source !== "folder" || record.frame === undefined)
      return undefined;
    const { frame, decision, condition, expectedLevel } = record;
    // Slices of a z-stack are meant to differ in focus.
    if ((frame.zIndex ?? 0) > 0 || frame.stack !== undefined) return undefined;
    if (decision !== "flag" || condition !== "defocused") return undefined;
    if (expectedLevel <= rulesFor(this.#config.policy, frame.channel).maxLevel) return undefined;
    const relative = frame.meta?.file;
    const { path } = this.#config.sources.folder;
    return typeof relative === "string" && path !== undefined ? join(path, relative) : undefined;
  }

  async #respond(file: string): Promise<void> {
    const { log } = this.#parts;
    try {
      const reason = await this.#stale(file);
      if (reason !== undefined) {
        log.info({ file, reason }, "Blurred, but not refocused");
        return;
      }
      if (!(await this.#refocus(file))) return;
      this.#done++;
      this.#rest();
    } catch (error) {
      this.#failures++;
      this.#rest();
      log.error({ file, reason: reasonOf(error) }, "Micro-Manager could not be refocused");
    }
  }

  #rest(): void {
    this.#restsUntilMs = this.#parts.clock.now() + this.#config.actuator.micromanager.cooldownMs;
  }

  async #stale(file: string): Promise<string | undefined> {
    try {
      const ageMs = this.#parts.clock.wallMs() - (await stat(file)).mtimeMs;
      return ageMs > this.#config.actuator.micromanager.maxAgeMs ? "the file is old" : undefined;
    } catch {
      return "the file is gone";
    }
  }

  /** False if nothing was to be done. */
  async #refocus(file: string): Promise<boolean> {
    const { log } = this.#parts;
    const connection = this.#connection();
    try {
      await connection.start(this.#stopping.signal);
      const use = await cameraUse(connection);
      const isDry = this.#config.policy.dryRun;
      if (use !== "acquisition" || isDry) {
        log.info({ file, camera: use, dryRun: isDry }, "Blurred, but not refocused");
        return false;
      }
      log.info({ file }, "Blurred: pausing Micro-Manager's acquisition to refocus");
      await whilePaused(connection, () => this.#search(connection));
      log.info({ file }, "Micro-Manager's acquisition goes on");
      return true;
    } finally {
      await connection.stop();
    }
  }

  async #search(connection: MicroManagerConnection): Promise<void> {
    const { log, scorer, onOutcome } = this.#parts;
    const { policy, actuator } = this.#config;
    const { zLimitsUm, autofocusTimeoutMs } = actuator.micromanager;
    const microscope = new MicroManagerMicroscope(connection, autofocusTimeoutMs);
    const range = allowedRange(await microscope.zUm(), policy.maxTravelUm, policy.zLimitsUm, zLimitsUm);
    const { attempts, ...end } = await focusHere({
      microscope,
      scorer,
      policy: this.#policy,
      range,
      session: SESSION,
      signal: this.#stopping.signal,
      onAttempt: (attempt) => log.info(attempt, "Refocusing"),
      ...(onOutcome !== undefined && { onOutcome }),
    });
    log.info({ ...end, frames: attempts.length }, "Refocused");
  }

  #connection(): MicroManagerConnection {
    const { port, timeoutMs } = this.#config.actuator.micromanager;
    const { log } = this.#parts;
    return new MicroManagerConnection({ port, timeoutMs, warn: (message) => log.warn(message) });
  }
}
