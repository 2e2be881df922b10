import { expect, test } from "vitest";
import { settingFlags } from "../../src/cli/setting-flags.js";
import { flagLayer } from "../../src/config/layers.js";
import { loadConfig } from "../../src/config/load-config.js";
import { ConfigError } from "../../src/errors.js";

const channelsOf = async (...settings: string[]) =>
  (await loadConfig({ flags: flagLayer(settingFlags(settings)) })).policy.channels;

test.each([
  ["policy.channels.DAPI.maxLevel=2", "DAPI"],
  ["policy.channels.a=b.maxLevel=2", "a=b"],
  ["policy.channels.Cy3.5=on.x.maxLevel=2", "Cy3.5=on.x"],
  ["policy.channels.a=b={maxLevel: 2}", "a=b"],
  ["policy.channels.Cy3.5={maxLevel: 2}", "Cy3.5"],
])("--set '%s' is about the channel %s", async (setting, channel) => {
  expect(await channelsOf(setting)).toEqual({ [channel]: { maxLevel: 2 } });
});

test("two channels whose names differ behind an = are two", async () => {
  const [one, other] = ["policy.channels.a=b.maxLevel=2", "policy.channels.a=c.maxLevel=1"];

  expect(await channelsOf(one!, other!)).toEqual({ "a=b": { maxLevel: 2 }, "a=c": { maxLevel: 1 } });
});

test.each([
  [
    "policy.channels.a=b",
    "is not policy.channels.NAME.setting=value, nor policy.channels.NAME={setting: value}",
  ],
  ["policy.maxLevel", '"policy.maxLevel" is not path=value'],
  ["policy.channels.a=b.levels=2", "policy.channels.a=b"],
])("--set '%s' is refused with its form", async (setting, reason) => {
  await expect(channelsOf(setting)).rejects.toThrow(ConfigError);
  await expect(channelsOf(setting)).rejects.toThrow(reason);
});
