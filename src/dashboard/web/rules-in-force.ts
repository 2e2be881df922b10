import type { RuleValues } from "../../protocol/messages.js";
import type { StatusView } from "../wire.js";

/** Thresholds that the agent judges a channel by now. */
export function rulesInForce({ channels, rules }: StatusView, channel: string | undefined): RuleValues {
  return channel !== undefined && Object.hasOwn(channels, channel) ? channels[channel]! : rules;
}
