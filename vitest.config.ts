import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest, so that none of them is left for the end, when one worker has nothing to do. */
const LONGEST = [
  "install/python-package",
  "install/npm-package",
  "dashboard/page",
  "exchange/bioimageio",
  "training/train-command",
  "cli/focus",
  "cli/whole-plates",
  "bench/refocus",
  "agent/soak",
  "cli/demo",
  "workflow/snakemake",
  "fuzz/fuzz",
];

/**
 * Each in a process of its own: TensorFlow.js has one engine for a whole process, on WebAssembly or native. All others share
 * theirs, which loads what is tested once.
 */
const ALONE = [
  "test/{exchange,networks,training}/**/*.test.ts",
  "test/focus/engine-*.test.ts",
  "test/focus/scorer.test.ts",
];

/** Vitest knows from its last run what takes long, but on a fresh checkout there was none. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}.`));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** What holds for every test. */
export const common = { testTimeout: 180_000, hookTimeout: 120_000, maxWorkers: 3 };
export const globalSetup = ["test/global-setup.ts"];
export const allTests = ["test/**/*.test.ts"];

export default defineConfig({
  test: {
    globalSetup,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "alone", ...common, include: ALONE } },
      {
        test: {
          name: "together",
          ...common,
          include: allTests,
          exclude: [...configDefaults.exclude, ...ALONE],
          isolate: false,
        },
      },
    ],
  },
});
