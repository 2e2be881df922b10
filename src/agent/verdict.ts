import type { FocusReport } from "../focus/report.js";
import type { ModelIdentity } from "../focus/scorer-types.js";
import type { FrameMessage, VerdictMessage } from "../protocol/messages.js";
import type { Judgement } from "../refocus/site-search.js";
import { type ChannelRules, levelOf } from "../refocus/thresholds.js";
import { UNFAMILIAR } from "./unfamiliar-frames.js";

/** The verdict on one frame, by the rules of its channel. */
export function verdictOf(
  header: FrameMessage,
  report: FocusReport,
  judgement: Judgement,
  rules: ChannelRules,
  model: ModelIdentity,
  timings: VerdictMessage["timings"],
): VerdictMessage {
  return {
    v: 1,
    type: "verdict",
    id: header.id,
    session: header.session,
    condition: conditionOf(header, report, judgement, rules),
    level: report.level,
    expectedLevel: bounded(report.expectedLevel, 10),
    aggregateCertainty: bounded(report.aggregateCertainty, 1),
    meanCertainty: bounded(report.meanCertainty, 1),
    maxCertainty: bounded(report.maxCertainty, 1),
    confidence: bounded(report.confidence, 1),
    ...(report.unfamiliar && { unfamiliar: true }),
    decision: judgement.decision,
    ...(judgement.action !== undefined && { action: judgement.action }),
    acquireAgain: judgement.decision === "retry",
    keepAttempt: judgement.keepAttempt,
    attemptsLeft: judgement.attemptsLeft,
    ...(judgement.stack !== undefined && { stack: judgement.stack }),
    ...(judgement.next !== undefined && { next: judgement.next }),
    reason: report.unfamiliar ? `${judgement.reason}; ${UNFAMILIAR}` : judgement.reason,
    model: { name: model.name, sha256: model.sha256 },
    timings: {
      queueMs: bounded(timings.queueMs, Number.MAX_VALUE),
      scoreMs: bounded(timings.scoreMs, Number.MAX_VALUE),
      totalMs: bounded(timings.totalMs, Number.MAX_VALUE),
    },
  };
}

/**
 * The condition, with one idea of what is in focus for it and for the decision: what is accepted is in focus, what is
 * flagged is not, and the limit of the channel decides about the rest. Scoring alone has only the model's own limit.
 */
function conditionOf(
  { attempt }: FrameMessage,
  report: FocusReport,
  { decision, keepAttempt }: Judgement,
  rules: ChannelRules,
): VerdictMessage["condition"] {
  const { condition } = report;
  if (condition !== "in-focus" && condition !== "defocused") return condition;
  const isDecided = (decision === "accept" || decision === "flag") && keepAttempt === attempt;
  const isSharp = isDecided ? decision === "accept" : levelOf(report, rules) <= rules.maxLevel;
  return isSharp ? "in-focus" : "defocused";
}

/**
 * What a record tells beyond the verdict: enough for the original's table of predictions (`weighted` certainty of
 * evaluation.py: sum of squares over sum).
 */
export function scoresOf({ distribution, certainties }: FocusReport): {
  readonly distribution: readonly number[];
  readonly weightedCertainty: number;
} {
  let [sum, squares] = [0, 0];
  for (const certainty of certainties) {
    if (Number.isNaN(certainty)) continue;
    sum += certainty;
    squares += certainty * certainty;
  }
  return {
    distribution: Array.from(distribution, (probability) => bounded(probability, 1)),
    weightedCertainty: bounded(squares / sum, 1),
  };
}

/** At most `max`, four decimals, 0 for what is no number: rounding errors must not make a message invalid. */
function bounded(value: number, max: number): number {
  return Number.isFinite(value) ? Math.round(Math.min(Math.max(value, 0), max) * 1e4) / 1e4 : 0;
}
