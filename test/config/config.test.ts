import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { configJsonSchema, defaultConfigYaml } from "../../src/config/documents.js";
import { idleSettings } from "../../src/config/idle-settings.js";
import { flagLayer } from "../../src/config/layers.js";
import { checkConfig, loadConfig } from "../../src/config/load-config.js";
import { AgentConfig } from "../../src/config/schema.js";
import { yamlLayer } from "../../src/config/yaml-layer.js";
import { ConfigError } from "../../src/errors.js";

async function fileWith(text: string | Uint8Array): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "parfocal-config-")), "agent.yaml");
  await writeFile(file, text);
  return file;
}

async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error = await loading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).problems;
}

describe("the configuration", () => {
  test("has a default for everything", () => {
    expect(checkConfig([], "none")).toMatchObject({
      sources: { zeromq: { address: "tcp://127.0.0.1:5610" }, folder: { enabled: false } },
      policy: { sharp: "learned", maxLevel: 0.85, retries: 6, dryRun: false, optics: { na: 0.5 } },
      results: { fsync: "interval" },
    });
  });

  test("takes flags over environment over file over defaults", async () => {
    const file = await fileWith("policy: { maxLevel: 2, minCertainty: 0.4, retries: 5 }\n");
    const environment = { PARFOCAL_POLICY__MIN_CERTAINTY: "0.5", PARFOCAL_POLICY__RETRIES: "6" };

    const { policy } = await loadConfig({
      file,
      environment,
      flags: flagLayer([["policy.retries", 7, "--set"]]),
    });

    expect(policy).toMatchObject({ maxLevel: 2, minCertainty: 0.5, retries: 7, firstSide: "positive" });
  });

  test("reads values of the environment as YAML and leaves other variables alone", async () => {
    const environment = {
      PARFOCAL_POLICY__CHANNELS: "{DAPI: {maxLevel: 2}}",
      PARFOCAL_SOURCES__FOLDER__ENABLED: "false",
      PARFOCAL_POLICY__Z_LIMITS_UM: "[-5, 5]",
      PARFOCAL_HOME: "/anywhere",
      PATH: "x__y",
    };

    const { policy } = await loadConfig({ environment });

    expect(policy).toMatchObject({ channels: { DAPI: { maxLevel: 2 } }, zLimitsUm: [-5, 5] });
  });

  test.each([
    ["keys", "a: ".repeat(20_000)],
    ["lists", "[".repeat(20_000)],
    ["lines", Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ])("refuses %s that are nested without end as it does any other mistake", async (_, text) => {
    const file = await fileWith(text);

    expect((await problemsOf(loadConfig({ file }))).join()).toMatch(/nested too deeply|line \d+: /);
  });

  test("names all problems at once, each with its path and where it was written", async () => {
    const file = await fileWith("policy:\n  maxLevel: 11\n  retrys: 3\nqueue:\n  size: many\n");
    const environment = { PARFOCAL_LOG__LEVEL: "loud" };
    const flags = flagLayer([["scorer.threads", 0, "--threads"]]);

    const problems = await problemsOf(loadConfig({ file, environment, flags }));

    expect(problems).toHaveLength(5);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^policy\.maxLevel: .*10.*line 2\)$/),
        `policy.retrys: unknown key (${file} line 3)`,
        expect.stringMatching(/^queue\.size: .*line 5\)$/),
        expect.stringMatching(/^log\.level: .*\(environment variable PARFOCAL_LOG__LEVEL\)$/),
        expect.stringMatching(/^scorer\.threads: .*\(flag --threads\)$/),
      ]),
    );
  });

  test.each([
    { what: "broken YAML", text: "policy: [\n", problem: /^line \d+: / },
    { what: "a list", text: "- a\n", problem: /not a list of keys/ },
    { what: "a doubled key", text: "queue: {}\nqueue: {}\n", problem: /^line 2: .*unique/ },
  ])("in $what is refused with its line", async ({ text, problem }) => {
    expect(await problemsOf(loadConfig({ file: await fileWith(text) }))).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  test.each(["-50, 50", "50", "[-50]", "[-50, 0, 50]", "{ low: -50 }"])(
    "says how limits of z are written, not what a tuple is: %s",
    async (zLimitsUm) => {
      const file = await fileWith(`policy:\n  zLimitsUm: ${zLimitsUm}\n`);

      expect(await problemsOf(loadConfig({ file }))).toEqual([
        `policy.zLimitsUm: must be the lowest and the highest z, um, such as [-50, 50] (${file} line 2)`,
      ]);
    },
  );

  test.each([
    ["results:\n  folder: 'D:\\new\\table'\n", []],
    ["results:\n  folder: D:\\new\\table\n", []],
    [
      'results:\n  folder: "D:\\new\\table"\n',
      [/^results\.folder: holds a line break.*without quotes.*line 2\)$/],
    ],
    ['sources:\n  folder: { path: "D:\\exp" }\n', [/^sources\.folder\.path: holds a line break.*line 2\)$/]],
    ['policy: { focusMap: "D:\\Plates.csv" }\n', [/^policy\.focusMap: holds a line break.*line 1\)$/]],
    ['database:\n  url: "file:D:\\new.db"\n', [/^database\.url: holds a line break.*line 2\)$/]],
    ['results:\n  folder: "D:\\data"\n', [/^line 2: .*\\d: in double quotes .*without quotes/]],
  ])("takes a path of Windows as it is meant, or says how to write it: %j", async (text, problems) => {
    const file = await fileWith(text);
    const found = problems.length > 0 ? await problemsOf(loadConfig({ file })) : [];

    expect(found).toEqual(problems.map((problem) => expect.stringMatching(problem)));
    if (problems.length === 0) expect((await loadConfig({ file })).results.folder).toBe("D:\\new\\table");
  });

  test.each([
    ["PARFOCAL_DATABASE__URL", '"file:D:\\new.db"', /^database\.url: .*without quotes/],
    ["PARFOCAL_DATABASE__URL", '"file:D:\\data.db"', /^database\.url: .*without quotes/],
    ["PARFOCAL_RESULTS__FOLDER", '"D:\\data"', /^results\.folder: .*without quotes/],
  ])(
    "says how to write a path that the environment has in double quotes, as a file for Docker may: %s=%s",
    async (name, value, problem) => {
      expect(await problemsOf(loadConfig({ environment: { [name]: value } }))).toEqual([
        expect.stringMatching(problem),
      ]);
      const unquoted = await loadConfig({ environment: { [name]: value.slice(1, -1) } });
      expect(JSON.stringify(unquoted)).toContain(JSON.stringify(value.slice(1, -1)));
    },
  );

  test.each(["latin1", "utf16le"] as const)("in %s keeps the names of its channels", async (encoding) => {
    const text = "\ufeffpolicy: { channels: { Phasenkontrast grün: { retries: 0 } } }\n";
    const bytes = Buffer.from(encoding === "latin1" ? text.slice(1) : text, encoding);

    const { policy } = await loadConfig({ file: await fileWith(bytes) });

    expect(policy.channels).toEqual({ "Phasenkontrast grün": { retries: 0 } });
  });

  test("without any source is refused", async () => {
    const file = await fileWith("sources:\n  zeromq:\n    enabled: false\n");

    expect(await problemsOf(loadConfig({ file }))).toEqual([
      expect.stringMatching(/^sources.zeromq.enabled: .*no frames.*line 3/),
    ]);
  });

  test("with an aperture that its immersion does not allow is refused", async () => {
    const problems = await problemsOf(
      loadConfig({ file: await fileWith("policy: { optics: { na: 1.4 } }\n") }),
    );

    expect(problems).toEqual([expect.stringMatching(/^policy.optics.na: .*refractiveIndex.*line 1/)]);
  });

  test("whose environment has an unknown key far inside names its variable", async () => {
    const environment = { PARFOCAL_POLCY__CHANNELS__DAPI__RETRIES: "0" };

    expect(await problemsOf(loadConfig({ environment }))).toEqual([
      "polcy: unknown key (environment variable PARFOCAL_POLCY__CHANNELS__DAPI__RETRIES)",
    ]);
  });

  test("that is missing is named", async () => {
    expect(await problemsOf(loadConfig({ file: "/nowhere/agent.yaml" }))).toEqual([
      expect.stringContaining("cannot be read"),
    ]);
  });

  test("whose section is left empty has that section's defaults", async () => {
    const { policy } = await loadConfig({ file: await fileWith("policy:\n  # maxLevel: 2\n") });

    expect(policy.maxLevel).toBe(0.85);
  });

  test.each([
    ["policy.channels.Cy3.5.maxLevel", 2, { "Cy3.5": { maxLevel: 2 } }],
    ["policy.channels.GFP 525/50.retries", 0, { "GFP 525/50": { retries: 0 } }],
    ["policy.channels.Cy3.5", { maxLevel: 2 }, { "Cy3.5": { maxLevel: 2 } }],
    ["policy.channels", { DAPI: { maxLevel: 2 } }, { DAPI: { maxLevel: 2 } }],
  ])("takes the name of a channel in the flag %s as it stands", async (path, value, channels) => {
    const { policy } = await loadConfig({ flags: flagLayer([[path, value, "--set"]]) });
    expect(policy.channels).toEqual(channels);
  });

  test("keeps the names of channels in the environment as they are", async () => {
    const { policy } = await loadConfig({ environment: { PARFOCAL_POLICY__CHANNELS__DAPI__MAX_LEVEL: "2" } });

    expect(policy.channels).toEqual({ DAPI: { maxLevel: 2 } });
  });

  test("knows the user's own folder by ~, and takes it for nothing else", async () => {
    const file = await fileWith(
      "results: { folder: ~/res }\nsources: { folder: { path: '~' } }\nscorer: { model: ~x/m }",
    );

    const { results, sources, scorer } = await loadConfig({ file });

    expect([results.folder, sources.folder.path, scorer.model]).toEqual([
      join(homedir(), "res"),
      homedir(),
      "~x/m",
    ]);
  });

  test("tells what was set and has no effect", async () => {
    const file = await fileWith(
      "sources: { folder: { path: in } }\nscorer: { server: 'http://127.0.0.1:1' }\n" +
        "dashboard: { token: 0123456789abcdef }\ndatabase: { url: 'file:runs.db', enabled: false }",
    );
    const config = await loadConfig({ file });

    expect(idleSettings(config).map((sentence) => sentence.split(" ")[0])).toEqual([
      "sources.folder.path",
      "scorer.server",
      "dashboard.token",
      "database.url",
    ]);
    expect(idleSettings(await loadConfig({}))).toEqual([]);
  });

  test("tells variables of the environment that look like settings and are none", async () => {
    const environment = {
      PARFOCAL_RESULTS: "/data",
      PARFOCAL_POLICY_MAX_LEVEL: "2",
      PARFOCAL_POLICY__RETRIES: "3",
      PARFOCAL_DEBUG: "1",
      RESULTS: "x",
    };
    const config = await loadConfig({ environment });

    expect(idleSettings(config, environment)).toEqual([
      "PARFOCAL_RESULTS has no effect: two underscores stand between the names of a setting, as in PARFOCAL_POLICY__MAX_LEVEL",
      "PARFOCAL_POLICY_MAX_LEVEL has no effect: two underscores stand between the names of a setting, as in PARFOCAL_POLICY__MAX_LEVEL",
    ]);
  });

  test.for(["alerts: { webhook: 'https://user:word@host/path' }", "scorer: { server: 'http://user@host' }"])(
    "refuses an address with an account in it, without repeating it: %s",
    async (text) => {
      const [problem] = await problemsOf(loadConfig({ file: await fileWith(text) }));

      expect(problem).toMatch(
        /^(alerts\.webhook|scorer\.server): must have no user and password before its host/,
      );
      expect(problem).not.toMatch(/user:|user@/);
    },
  );

  test("needs a path for the folder source only when that is enabled", async () => {
    const flags = flagLayer([["sources.folder.enabled", true, "--set"]]);

    expect(await problemsOf(loadConfig({ flags }))).toEqual([
      "sources.folder.path: is needed because the folder source is enabled",
    ]);
  });
});

describe("an address", () => {
  test.each([
    "tcp://127.0.0.1:5610",
    "tcp://127.0.0.1:*",
    "tcp://localhost:0",
    "tcp://[::1]:9",
    "ipc:///tmp/p.sock",
  ])("%s can be bound", (address) => {
    expect(AgentConfig.safeParse({ publish: { address } }).success).toBe(true);
  });

  test.each(["tcp://0.0.0.0:5610", "tcp://*:5610", "tcp://192.168.1.20:5610", "tcp://scope-1:5610"])(
    "%s is refused because it needs keys",
    (address) => {
      const { error } = AgentConfig.safeParse({ publish: { address } });

      expect(error?.issues[0]?.message).toContain("needs CURVE keys");
    },
  );

  test.each(["127.0.0.1:5610", "tcp://127.0.0.1", "tcp://127.0.0.1:99999", "http://localhost:1"])(
    "%s is none",
    (address) => {
      const { error } = AgentConfig.safeParse({ publish: { address } });

      expect(error?.issues[0]?.message).toContain("is not an address");
    },
  );
});

describe("the shipped documents", () => {
  const shipped = (name: string) => readFile(new URL(`../../config/${name}`, import.meta.url), "utf8");

  test("hold every key with its default", () => {
    const { tree } = yamlLayer(defaultConfigYaml(), "default");

    expect(AgentConfig.parse(tree)).toEqual(AgentConfig.parse({}));
    expect(tree).toMatchObject({ policy: { retries: 6 }, sources: { folder: { stableMs: 200 } } });
  });

  test("are what the schema makes (parfocal config init and schema)", async () => {
    expect(await shipped("parfocal.yaml")).toBe(defaultConfigYaml());
    expect(JSON.parse(await shipped("parfocal.schema.json"))).toEqual(configJsonSchema());
  });

  test("describe every key", () => {
    const undescribed: string[] = [];
    const visit = (node: Record<string, unknown>, path: string) => {
      const properties = (node.properties ?? {}) as Record<string, Record<string, unknown>>;
      for (const [key, child] of Object.entries(properties)) {
        if (child.description === undefined) undescribed.push(`${path}${key}`);
        visit(child, `${path}${key}.`);
      }
    };

    visit(configJsonSchema() as Record<string, unknown>, "");

    expect(undescribed).toEqual([]);
  });
});
