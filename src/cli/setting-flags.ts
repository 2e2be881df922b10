import { scalar } from "../config/layers.js";
import { ConfigError } from "../errors.js";

/** `--set path=value`, as many as there are, for `flagLayer`. */
export function* settingFlags(
  settings: readonly string[] | undefined,
): Generator<readonly [string, unknown, string]> {
  for (const setting of settings ?? []) {
    const match = /^(?<path>[^=]+)=(?<value>.*)$/s.exec(setting);
    if (match === null) throw new ConfigError("--set", [`"${setting}" is not path=value`]);
    yield [match.groups!.path!, scalar(match.groups!.value!), "--set"];
  }
}
