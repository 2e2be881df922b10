import type { Logger } from "pino";
import type { AlertsConfig } from "../config/alerts.js";
import type { Clock } from "../protocol/clock.js";
import { PROTOCOL_VERSION } from "../protocol/common.js";
import type { AlertMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { Sink, SinkCounts } from "../sinks/sink.js";
import type { AlertRule, Finding } from "./alert-rule.js";
import { BlankRule } from "./blank-rule.js";
import { DriftRule } from "./drift-rule.js";
import { FailureRule } from "./failure-rule.js";
import { Silence } from "./silence.js";
import { Webhook } from "./webhook.js";

export interface AlertsParts {
  readonly log: Logger;
  readonly clock: Clock;
  /** Records and publishes an alert. */
  readonly onAlert: (alert: AlertMessage) => void;
}

/** Watches the records for what a person should look at, and tells them. */
export class AlertsSink implements Sink {
  readonly canWait = true;
  readonly #parts: AlertsParts;
  readonly #rules: readonly AlertRule[];
  readonly #silence: Silence;
  readonly #webhook: Webhook | undefined;
  #alerts = 0;

  constructor(config: AlertsConfig, parts: AlertsParts) {
    const { log, clock } = parts;
    this.#parts = parts;
    this.#rules = [new FailureRule(config), new DriftRule(config.drift), new BlankRule(config.blankSites)];
    this.#silence = new Silence(config.silentS, clock, (finding) => this.#tell(finding));
    const { webhook, timeoutMs } = config;
    this.#webhook = webhook === undefined ? undefined : new Webhook(webhook, timeoutMs, log, clock);
  }

  start(): Promise<string> {
    return Promise.resolve(this.#webhook === undefined ? "log" : "webhook");
  }

  write(record: ResultRecord): void {
    if (record.type === "alert" || record.type === "change") return;
    this.#silence.observe(record);
    for (const rule of this.#rules) {
      // Not the wall clock, which may be set right in the middle of a run.
      for (const finding of rule.observe(record, this.#parts.clock.now())) this.#tell(finding);
    }
  }

  acquiring(session: string, isAcquiring: boolean): void {
    this.#silence.acquiring(session, isAcquiring);
  }

  ended(session: string): void {
    this.#silence.ended(session);
  }

  /** `written`: alerts that were told; failures and losses are the webhook's. */
  counts(): SinkCounts {
    const { failures = 0, lost = 0 } = this.#webhook?.counts() ?? {};
    return { written: this.#alerts, failures, lost };
  }

  async stop(): Promise<void> {
    this.#silence.stop();
    await this.#webhook?.stop();
  }

  #tell({ alert, session, state, message }: Finding): void {
    this.#alerts++;
    this.#parts.log.warn({ alert, session, state }, message);
    this.#webhook?.send(`Parfocal, ${session}: ${message}${state === "cleared" ? " (over)" : ""}`);
    this.#parts.onAlert({ v: PROTOCOL_VERSION, type: "alert", session, alert, state, message });
  }
}
