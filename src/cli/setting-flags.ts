import { scalar } from "../config/layers.js";
import { ConfigError } from "../errors.js";

/** The name of a channel may hold anything, "=" and dots as well: the value begins behind the last `.setting=`, or at a mapping. */
const OF_CHANNEL = /^(?<path>policy\.channels\..+\.\w+)=(?<value>.*)$/s;
const WHOLE_CHANNEL = /^(?<path>policy\.channels\..+)=(?<value>\{.*\})$/s;

/** `--set path=value`, as many as there are, for `flagLayer`. */
export function* settingFlags(
  settings: readonly string[] | undefined,
): Generator<readonly [string, unknown, string]> {
  for (const setting of settings ?? []) {
    const isOfChannel = setting.startsWith("policy.channels.");
    const match = isOfChannel
      ? (OF_CHANNEL.exec(setting) ?? WHOLE_CHANNEL.exec(setting))
      : /^(?<path>[^=]+)=(?<value>.*)$/s.exec(setting);
    if (match === null) {
      const form = isOfChannel
        ? "policy.channels.NAME.setting=value, nor policy.channels.NAME={setting: value}"
        : "path=value";
      throw new ConfigError("--set", [`"${setting}" is not ${form}`]);
    }
    yield [match.groups!.path!, scalar(match.groups!.value!), "--set"];
  }
}
