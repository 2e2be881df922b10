import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { StatusView } from "../../src/dashboard/wire.js";
import { ResultsStore } from "../../src/store/results-store.js";
import { TestController, temporaryFolder, until } from "../agent/helpers.js";
import { freePorts, startAgentProcess } from "../helpers/agent-process.js";
import { CHROMIUM, launchChromium } from "../helpers/chromium.js";
import { startCommand } from "../helpers/command.js";
import { CuttableProxy } from "../helpers/cuttable-proxy.js";
import { stored, verdict } from "../store/records.js";
import { ask, change, serve, startReverseProxy, TOKEN } from "./helpers.js";

const PAGE = "dist/dashboard/web";
const require = createRequire(import.meta.url);
const isCi = process.env.CI === "true";
/** A folder for pictures of the page; `npm run screenshots` names docs/images. */
const SCREENSHOTS = process.env.PARFOCAL_SCREENSHOTS;

/** The parts of a browser's elements that are used within the page. */
interface PageImage {
  readonly naturalWidth: number;
  decode(): Promise<void>;
}
interface PageCanvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: "2d"): {
    getImageData(x: number, y: number, width: number, height: number): { data: number[] };
  };
}
interface PageBox {
  readonly scrollHeight: number;
  readonly clientHeight: number;
}
interface PageWithAxe {
  axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
}

test("the page is small: under 300 KB compressed", async () => {
  const assets = (await readdir(join(PAGE, "assets"))).map((name) => join(PAGE, "assets", name));
  const files = await Promise.all([join(PAGE, "index.html"), ...assets].map((file) => readFile(file)));

  const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);

  expect(assets.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(300_000);
});

if (CHROMIUM === undefined && isCi) throw new Error("no Chromium is installed (apt-get install chromium)");

describe.skipIf(CHROMIUM === undefined)("the page in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function open(address: string, options: { dark?: boolean; script?: string } = {}): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: options.dark ? "dark" : "light",
      acceptDownloads: true,
    });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(90_000);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    onTestFinished(() => expect(problems).toEqual([]));
    if (options.script !== undefined) await page.addInitScript(options.script);
    await page.goto(address);
    return page;
  }

  const wells = (page: Page, name: RegExp) => page.getByTestId("plate-map").getByRole("button", { name });
  const labels = (page: Page) =>
    page.getByTestId("well").evaluateAll((all) => all.map((well) => well.getAttribute("aria-label")));

  async function download(page: Page, testId: string): Promise<{ name: string; path: string; text: string }> {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByTestId(testId).click()]);
    const path = join(await temporaryFolder(), file.suggestedFilename());
    await file.saveAs(path);
    return { name: file.suggestedFilename(), path, text: await readFile(path, "utf8") };
  }

  describe("while the demo runs and after it", () => {
    let results: string;
    let address: string;
    let said = "";
    let demo: ReturnType<typeof startCommand>;

    beforeAll(async () => {
      results = await temporaryFolder();
      demo = startCommand(["demo", "--keep", "--control", "--site-ms", "150", "--results", results]);
      demo.child.stdout!.on("data", (data: Buffer) => {
        said += data.toString();
      });
      address = await until(() => /Watch it: (\S+)/.exec(said)?.[1], 60_000);
    });

    afterAll(async () => {
      demo.child.kill("SIGTERM");
      await demo.finished;
    });

    const host = () => new URL(address).host;
    const isOver = () => until(() => said.includes("The page stays at"), 60_000);

    test("the plate fills live", async () => {
      const page = await open(address);
      const counts = new Set<number>();

      await until(async () => {
        counts.add((await labels(page)).filter((label) => label?.includes(" level ")).length);
        return counts.has(24);
      }, 60_000);
      await isOver();

      // Seen on the way, not only at the end.
      expect(counts.size).toBeGreaterThan(4);
      const { health } = (await ask(host(), "/api/status")).json<StatusView>();
      await page.getByText(`frames${health.received}`).waitFor();
      expect(await page.getByTestId("status-state").textContent()).toMatch(/Running|Idle/);
      expect(await page.getByTestId("run-picker").inputValue()).toBe("demo-1");
    });

    test("a click on a well shows its frame with the patches", async () => {
      await isOver();
      const page = await open(address);

      await wells(page, /^B05 /).click();

      await page.getByText("Chosen frame").waitFor();
      const picture = page.getByTestId("frame-preview").locator("img");
      expect(await page.getByTestId("frame-preview").getAttribute("data-frame")).toContain("B05-Site_");
      const width = await picture.evaluate(async (element) => {
        const image = element as unknown as PageImage;
        await image.decode();
        return image.naturalWidth;
      });
      expect(width).toBe(462);
      const painted = () =>
        page.getByTestId("frame-overlay").evaluate((element) => {
          const canvas = element as unknown as PageCanvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.reduce((sum, value, at) => sum + (at % 4 === 3 && value > 0 ? 1 : 0), 0);
        });
      const borders = await painted();
      expect(borders).toBeGreaterThan(10_000);
      await page.getByLabel("patch colours").check();
      await until(async () => (await painted()) > 2 * borders);
      await page.getByLabel("patch borders").uncheck();
      await page.getByLabel("patch colours").uncheck();
      await until(async () => (await painted()) === 0);
      expect(await page.getByRole("button", { pressed: true }).getAttribute("data-well")).toBe("B05");
    });

    test("events and the timeline lead to the frame they are about", async () => {
      await isOver();
      const page = await open(address);
      await page.getByTestId("frame-overlay").waitFor();
      await page.getByLabel("Text in the event").fill("A01 site 0");
      await page.getByTestId("events").getByRole("button", { name: "A01 site 0" }).first().click();
      // Nothing jumps while the picture loads.
      const plot = await page.getByTestId("timeline").locator(".u-over").first().boundingBox();
      await until(async () =>
        (await page.getByTestId("frame-preview").getAttribute("data-frame"))?.includes("A01-Site_0"),
      );
      await page.getByTestId("frame-overlay").waitFor();

      // Where the first frame is, by a hand that is not quite still.
      await page.mouse.move(plot!.x, plot!.y + 60);
      await page.mouse.down();
      await page.mouse.move(plot!.x, plot!.y + 62);
      await page.mouse.up();

      await until(async () =>
        (await page.getByTestId("frame-preview").getAttribute("data-frame"))?.endsWith("/t0/0"),
      );
    });

    test("the keyboard goes from well to well and chooses one", async () => {
      await isOver();
      const page = await open(address);
      await wells(page, /^A01 /).focus();

      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");

      await page.getByText("Chosen frame").waitFor();
      expect(await page.locator(":focus").getAttribute("data-well")).toBe("B02");
      expect(await page.getByTestId("frame-preview").getAttribute("data-frame")).toContain("B02-Site_");
    });

    test("a site marked as bad is on the re-image list, in each of its formats", async () => {
      await isOver();
      const page = await open(address);
      await wells(page, /^C03 /).click();
      await page.getByText("Chosen frame").waitFor();

      await page.getByTestId("mark-bad").click();

      await wells(page, /^C03 .*marked as bad/).waitFor();
      await page
        .getByTestId("events")
        .getByText(/C03-Site_\d DAPI was marked as bad/)
        .waitFor();
      await page.getByTestId("reimage-open").click();
      const useq = await download(page, "reimage-useq");
      const { stage_positions: positions } = JSON.parse(useq.text) as {
        stage_positions: { name: string; x: number; y: number; z: number }[];
      };
      expect(positions.find(({ name }) => name.startsWith("C03-Site_"))).toMatchObject({
        x: expect.any(Number),
        y: expect.any(Number),
        z: expect.any(Number),
      });
      const listed = Number(
        /\((\d+)\)/.exec((await page.getByTestId("reimage-open").textContent()) ?? "")?.[1],
      );
      expect(positions).toHaveLength(listed);
      const pos = await download(page, "reimage-pos");
      expect(JSON.parse(pos.text)).toMatchObject({
        map: { StagePositions: { array: positions.map(({ name }) => ({ Label: { scalar: name } })) } },
      });
      const csv = await download(page, "reimage-csv");
      expect(csv.text.split("\n")[0]).toContain("Metadata_Plate,Metadata_Well,Metadata_Site");
      expect(csv.text.trim().split("\n")).toHaveLength(listed + 1);
      if (SCREENSHOTS !== undefined)
        await page.screenshot({ path: join(SCREENSHOTS, "dashboard-reimage.png") });
    });

    test("gating is paused and resumed, and the list of events says so", async () => {
      await isOver();
      const page = await open(address);

      await page.getByTestId("gating-toggle").click();
      await page.getByText("Watching only: gating is paused").waitFor();
      await page.getByTestId("gating-toggle").click();
      await page.getByText("Blurred sites are refocused.").waitFor();

      await page.getByTestId("events").getByText("Gating is paused").waitFor();
      expect((await ask(host(), "/api/status")).json<StatusView>().gating).toBe(true);
    });

    test("thresholds are tried on the run before they are changed", async () => {
      await isOver();
      const page = await open(address);
      await page.getByTestId("threshold-level").fill("0.4");

      await page.getByTestId("what-if").getByText("→").first().waitFor();
      expect((await ask(host(), "/api/status")).json<StatusView>().rules.maxLevel).toBe(0.85);
      await page.getByTestId("threshold-level").fill("0.7");
      await page.getByTestId("threshold-apply").click();

      await page.getByTestId("events").getByText("Thresholds of all channels").waitFor();
      expect((await ask(host(), "/api/status")).json<StatusView>().rules.maxLevel).toBe(0.7);
    });

    test("a wrong token changes nothing and is told", async () => {
      await isOver();
      const page = await open(`http://${host()}/#token=a-token-that-is-wrong`);

      await page.getByTestId("gating-toggle").click();

      await page.getByTestId("problem").getByText("the token is wrong").waitFor();
      expect(page.url()).not.toContain("token");
      expect((await ask(host(), "/api/status")).json<StatusView>().gating).toBe(true);
    });

    test("a reload brings the same state back", async () => {
      await isOver();
      const page = await open(address);
      await wells(page, /^D06 level/).waitFor();
      const before = await labels(page);

      await page.reload();
      await wells(page, /^D06 level/).waitFor();

      expect(await labels(page)).toEqual(before);
      expect(before).toHaveLength(24);
    });

    test("a lost connection is shown, heals, and what was missed is there", async () => {
      await isOver();
      const proxy = new CuttableProxy(Number(new URL(address).port));
      const through = await proxy.start();
      onTestFinished(() => proxy.stop());
      const page = await open(`http://${through}/${new URL(address).hash}`);
      const direct = await open(address);
      await wells(page, /^A06 level/).waitFor();

      proxy.cut();
      await page.getByTestId("connection-banner").waitFor();
      await wells(direct, /^A06 /).click();
      await direct.getByText("Chosen frame").waitFor();
      await direct.getByTestId("mark-bad").click();
      await wells(direct, /^A06 .*marked as bad/).waitFor();
      expect(await wells(page, /^A06 .*marked as bad/).count()).toBe(0);
      proxy.mend();

      await page.getByTestId("connection-banner").waitFor({ state: "detached" });
      await wells(page, /^A06 .*marked as bad/).waitFor();
      expect(await page.getByTestId("status-state").textContent()).not.toContain("Not connected");
    });

    test.each([false, true])(
      "has no serious fault for those who cannot see or use a mouse (dark: %s)",
      async (dark) => {
        await isOver();
        const page = await open(address, { dark });
        await wells(page, /^B05 /).click();
        await page.getByText("Chosen frame").waitFor();
        await page.getByTestId("frame-overlay").waitFor();
        if (SCREENSHOTS !== undefined) {
          await page.screenshot({
            path: join(SCREENSHOTS, `dashboard-${dark ? "dark" : "light"}.png`),
            fullPage: true,
          });
        }

        expect(await seriousFaults(page)).toEqual([]);
        await page.getByTestId("reimage-open").click();
        await page.getByTestId("reimage-dialog").waitFor();
        expect(await seriousFaults(page)).toEqual([]);
      },
    );

    test("the state is back after the agent was started again, in a page that stayed open", async () => {
      await isOver();
      const page = await open(address);
      await wells(page, /^D06 level/).waitFor();
      const before = await labels(page);
      demo.child.kill("SIGTERM");
      await demo.finished;
      await page.getByTestId("connection-banner").waitFor();

      const { port } = new URL(address);
      const again = await startAgentProcess([
        ...["agent", ...freePorts(Number(port)), "--results", results, "--device", "cpu"],
      ]);
      onTestFinished(() => again.stop());

      await page.getByTestId("connection-banner").waitFor({ state: "detached" });
      await page.getByText("This page only shows.").waitFor();
      expect(await labels(page)).toEqual(before);
      await page.reload();
      await page.getByTestId("run-picker").selectOption("demo-1");
      await wells(page, /^D06 level/).waitFor();
      expect(await labels(page)).toEqual(before);
      await wells(page, /^B05 /).click();
      await page.getByTestId("frame-overlay").waitFor();
    });

    test("a finished run is replayed from its folder, at once or as it went, and from the store", async () => {
      await isOver();
      for (const run of [[results], [results, "--speed", "20"], ["demo-1", "--results", results]]) {
        const replay = await startAgentProcess(["replay", ...run]);
        onTestFinished(() => replay.stop());
        const page = await open(replay.addresses.dashboard);

        await page.getByText("Replay of a finished run").waitFor();
        await wells(page, /^D06 level/).waitFor({ timeout: 60_000 });
        await wells(page, /^C03 .*marked as bad/).waitFor();
        await wells(page, /^B05 /).click();
        await page.getByTestId("frame-overlay").waitFor();
        await page.getByText("A replay cannot be changed.").waitFor();
      }
    });
  });

  test("the plate can show an earlier time point", async () => {
    const { host, controller } = await serve();
    for (const [timeIndex, level] of [
      [0, 7],
      [3, 0],
    ] as const) {
      await controller.ask(level, { mode: "observe", site: { name: "B2-Site_0", well: "B2" }, timeIndex });
    }

    const page = await open(`http://${host}/`);
    await wells(page, /^B02 level 0.0/).waitFor();
    await page.getByRole("combobox", { name: "Time" }).selectOption("0");
    await wells(page, /^B02 level 7.0/).click();

    await page
      .getByTestId("frame-preview")
      .getByRole("img", { name: /level 7.0/ })
      .waitFor();
    expect(await page.getByRole("combobox", { name: "Time" }).locator("option").allTextContents()).toEqual([
      "the last",
      "0",
      "3",
    ]);
    await page.getByRole("combobox", { name: "Time" }).selectOption("");
    await wells(page, /^B02 level 0.0/).waitFor();
  });

  test("opened after the last frame, it shows the sharpest of a stack that was only watched", async () => {
    const { host, controller } = await serve();
    const slices = [7, 1, 5].map((level, zIndex) => ({ level, zIndex }));
    for (const { level, zIndex } of slices) {
      const site = { name: "B2-Site_1", well: "B2", index: 1 };
      await controller.ask(level, { mode: "observe", site, zIndex, stack: { size: slices.length } });
    }

    const page = await open(`http://${host}/`);

    // As the controller numbers it.
    await page.getByRole("img", { name: /Frame of B02 site 1 .*level 1.0/ }).waitFor();
    await wells(page, /^B02 level 1.0/).waitFor();
    await page.getByText("No frame yet").waitFor({ state: "detached" });
  });

  test("without control, the frame has the whole column beside the map", async () => {
    const { host, controller } = await serve();
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });

    const page = await open(`http://${host}/`);
    await wells(page, /^A01 level/).waitFor();

    const box = async (name: string) => (await page.locator(`.panel.${name}`).boundingBox())!;
    const [map, frame, time] = [await box("map"), await box("frame"), await box("time")];
    expect(frame.height).toBeCloseTo(map.height, 0);
    // Nothing but the gap lies between them and what is below.
    expect(time.y - (frame.y + frame.height)).toBeLessThan(20);
    expect(await page.locator(".panel.change").count()).toBe(0);
  });

  test("a run is shown while the database is damaged, and whole once it can be read", async () => {
    const database = join(await temporaryFolder(), "parfocal.db");
    const damaged = "this is no database, but it is long enough to be taken for one".repeat(20);
    await writeFile(database, damaged);
    const { host, controller } = await serve({}, { database: { url: `file:${database}`, batchMs: 5 } });
    const ask = (well: string) => controller.ask(0, { site: { name: `${well}-Site_0`, well } });
    await ask("A1");
    const page = await open(`http://${host}/`);
    await page.getByText(/^Finished runs cannot be shown: .*move it away/).waitFor();
    await wells(page, /^A01 level/).waitFor();
    await ask("A2");
    await wells(page, /^A02 level/).waitFor();

    await rm(database);

    await page.getByText(/^Finished runs cannot be shown/).waitFor({ state: "detached" });
    await ask("A3");
    await wells(page, /^A03 level/).waitFor();
    await page.reload();
    for (const well of ["A01", "A02", "A03"]) await wells(page, new RegExp(`^${well} level`)).waitFor();
  });

  test("opened while the database cannot be read, it shows the newest run once it can be, and says no more of it", async () => {
    const database = join(await temporaryFolder(), "parfocal.db");
    const url = `file:${database}`;
    const store = new ResultsStore(url);
    await store.start();
    await store.write([stored(verdict({ run: "earlier" }))]);
    await store.stop();
    await rename(database, `${database}.away`);
    await mkdir(database);
    const { host } = await serve({}, { database: { url, batchMs: 5 } });
    const page = await open(`http://${host}/`);
    await page.getByTestId("problem").waitFor();

    await rmdir(database);
    await rename(`${database}.away`, database);

    await wells(page, /^A01 level/).waitFor();
    expect(await page.getByTestId("run-picker").inputValue()).toBe("earlier");
    expect(await page.getByTestId("problem").count()).toBe(0);
  });

  test("in the table of events a spreadsheet finds no formula", async () => {
    const { host, controller } = await serve();
    await controller.ask(7, { mode: "observe", site: { name: "=1+1 😀" } });
    const page = await open(`http://${host}/`);
    await page.getByTestId("events").getByRole("button", { name: "=1+1 😀" }).first().waitFor();

    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download CSV" }).click();

    const text = await readFile(await (await saving).path(), "utf8");
    expect(text).toContain(",'=1+1 😀,");
  });

  test("positions of which nobody tells the place lie side by side", async () => {
    const { host, controller } = await serve();
    for (let i = 0; i < 60; i++) await controller.ask(0, { mode: "observe", site: { name: `Pos${i}` } });
    const page = await open(`http://${host}/`);

    const map = page.getByTestId("stage-map");
    await map.getByRole("button", { name: "Pos59 " }).waitFor();
    const boxes = await Promise.all((await map.getByRole("button").all()).map((part) => part.boundingBox()));

    expect(new Set(boxes.map((box) => `${box?.x.toFixed(1)} ${box?.y.toFixed(1)}`)).size).toBe(60);
    await map.getByRole("button", { name: "Pos0 " }).click();
    await page.locator(".frame-choice strong").getByText("Pos0", { exact: true }).waitFor();
  });

  test("a page that stays open lists the runs of an agent that keeps others", async () => {
    const { host, controller, agent } = await serve();
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    const page = await open(`http://${host}/`);
    await wells(page, /^A01 level/).waitFor();
    await agent.stop();
    await page.getByTestId("connection-banner").waitFor();

    const port = Number(host.split(":")[1]);
    const other = await serve({ port });
    await new TestController(other.address, "other").ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    await page.getByTestId("connection-banner").waitFor({ state: "detached" });

    const picker = page.getByTestId("run-picker");
    await until(async () => (await picker.inputValue()) === "other");
    expect(await picker.locator("option").count()).toBe(1);
    await until(async () => (await page.getByTestId("problem").count()) === 0);
  });

  test("two pages stay with the runs that were picked in them, and list one that begins meanwhile", async () => {
    const { host, address } = await serve();
    const take = (run: string, well: string) =>
      new TestController(address, run).ask(0, { site: { name: `${well}-Site_0`, well } });
    for (const [run, well] of [
      ["first", "A1"],
      ["second", "A2"],
      ["third", "A3"],
    ] as const)
      await take(run, well);
    const pages = await Promise.all([open(`http://${host}/`), open(`http://${host}/`)]);
    const [one, two] = pages.map((page) => page.getByTestId("run-picker"));
    await one!.selectOption("first");
    await two!.selectOption("second");
    await wells(pages[0]!, /^A01 level/).waitFor();
    await wells(pages[1]!, /^A02 level/).waitFor();

    await take("fourth", "B4");

    for (const [picker, run] of [
      [one!, "first"],
      [two!, "second"],
    ] as const) {
      await until(async () => (await picker.locator("option").count()) === 4);
      expect(await picker.locator("option").first().textContent()).toMatch(/^live: /);
      expect(await picker.inputValue()).toBe(run);
    }
    await one!.selectOption("fourth");
    await wells(pages[0]!, /^B04 level/).waitFor();
    await wells(pages[1]!, /^A02 level/).waitFor();
  });

  test("a connection that falls silent is lost, and made again", async () => {
    const { host, controller } = await serve();
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    const proxy = new CuttableProxy(Number(host.split(":")[1]));
    const through = await proxy.start();
    onTestFinished(() => proxy.stop());
    const page = await open(`http://${through}/`);
    await wells(page, /^A01 level/).waitFor();

    // As when a tunnel stands that leads nowhere any more.
    proxy.delayMs = 3_600_000;
    await page.getByTestId("connection-banner").waitFor();
    await controller.ask(0, { site: { name: "A2-Site_0", well: "A2" } });
    proxy.delayMs = 0;

    await page.getByTestId("connection-banner").waitFor({ state: "detached" });
    await wells(page, /^A02 level/).waitFor();
  });

  test("behind a proxy that passes no live connection it says that what is shown gets old", async () => {
    const { host, controller } = await serve();
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    const page = await open(`http://${await startReverseProxy(host, { passesOrigin: false })}/parfocal/`);

    await wells(page, /^A01 level/).waitFor();
    await page.getByTestId("connection-banner").getByText("a proxy is in between").waitFor();
    expect(await page.getByText("is loading").count()).toBe(0);
  });

  test("behind a proxy through which the agent refuses it, it says how it can be opened", async () => {
    const { host } = await serve();
    const page = await open(`http://${await startReverseProxy(host, { passesOrigin: true })}/parfocal/`);

    await page.getByText("ssh -L").waitFor();
  });

  test("on paper it is dark on white, and the re-image list is whole", async () => {
    const { host, controller } = await serve();
    for (let i = 0; i < 40; i++) {
      const well = `${"ABCDEFGH"[i % 8]}${1 + Math.floor(i / 8)}`;
      await controller.ask(9, { mode: "observe", site: { name: `${well}-Site_0`, well } });
    }
    const page = await open(`http://${host}/`, { dark: true });
    await page.getByRole("button", { name: "Re-image list (40)" }).click();
    const list = page.getByRole("region", { name: "Positions" });
    const cutOff = () =>
      list.evaluate(({ scrollHeight, clientHeight }: PageBox) => scrollHeight - clientHeight);
    const ink = () =>
      page.evaluate("getComputedStyle(document.querySelector('h2')).color.match(/\\d+/g).map(Number)");
    expect(await cutOff()).toBeGreaterThan(0);

    await page.emulateMedia({ media: "print", colorScheme: "dark" });

    expect(await cutOff()).toBe(0);
    expect(Math.max(...((await ink()) as number[]))).toBeLessThan(100);
    expect(await page.getByTestId("status-state").isVisible()).toBe(false);
    await page.getByTestId("reimage-dialog").evaluate((dialog: { close(): void }) => dialog.close());
    await page.getByTestId("status-state").waitFor();
    expect(await page.getByTestId("reimage-open").isVisible()).toBe(false);
  });

  test("what comes while a run is loaded twice is not lost", async () => {
    const { host, controller } = await serve();
    const take = (well: string) => controller.ask(0, { site: { name: `${well}-Site_0`, well } });
    await take("A1");
    const page = await open(`http://${host}/`);
    await wells(page, /^A01 level/).waitFor();
    const held: (() => void)[] = [];
    await page.route("**/api/runs/*", async (route) => {
      const response = await route.fetch();
      await new Promise<void>((resolve) => held.push(resolve));
      await route.fulfill({ response });
    });
    await page.getByTestId("run-picker").selectOption("session");
    await page.getByTestId("run-picker").selectOption("session");

    (await until(() => held[0]))();
    await until(() => held[1]);
    await take("A2");
    await wells(page, /^A02 level/).waitFor();
    const isLoaded = page.waitForResponse(/\/api\/runs$/);
    held[1]!();
    await isLoaded;
    await take("A3");

    await wells(page, /^A03 level/).waitFor();
    expect(await wells(page, /^A02 level/).count()).toBe(1);
  });

  test("the keyboard reaches the plate after a run of a larger one", async () => {
    const { host, address, controller } = await serve();
    await controller.ask(0, { site: { name: "P24-Site_0", well: "P24" } });
    const page = await open(`http://${host}/`);
    await wells(page, /^P24 level/).click();

    await new TestController(address, "small").ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    await page.getByRole("group", { name: "6 wells" }).waitFor();

    expect(await page.getByTestId("plate-map").locator("[tabindex='0']").count()).toBe(1);
  });

  test("whether the microscope runs is told by the clock of its machine", async () => {
    const { host, controller } = await serve();
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    const script = "const right = Date.now; Date.now = () => right() + 3_600_000;";

    const page = await open(`http://${host}/`, { script });

    await page
      .getByTestId("status-state")
      .getByText(/Running|Idle/)
      .waitFor();
    expect(await page.getByTestId("status-state").textContent()).toContain("Running");
  });

  test("on a phone, nothing covers the facts of a frame, and events have room for their words", async () => {
    const { host, controller } = await serve();
    await controller.ask(7, { site: { name: "A1-Site_0", well: "A1" } });
    const page = await open(`http://${host}/`);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByTestId("frame-overlay").waitFor();

    const box = async (place: string) => (await page.locator(place).first().boundingBox())!;
    const [picture, facts, list, words] = [
      await box(".picture"),
      await box(".numbers"),
      await box(".events"),
      await box(".events li > span:last-child"),
    ];
    expect(picture.x + picture.width <= facts.x || picture.y + picture.height <= facts.y).toBe(true);
    expect(words.width).toBeGreaterThan(200);
    expect(words.x + words.width).toBeLessThanOrEqual(list.x + list.width);
  });

  test("a token that is wrong can be replaced, in the page or by the address of the agent", async () => {
    const { host } = await serve({ control: true, token: TOKEN });
    const page = await open(`http://${host}/#token=of-an-earlier-start%`);
    const toggle = page.getByTestId("gating-toggle");
    const isRefused = () => page.getByTestId("problem").getByText("the token is wrong").waitFor();
    await toggle.click();
    await isRefused();

    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Use it" }).click();
    await toggle.click();
    await toggle.getByText("Resume gating").waitFor();
    await page.goto(`http://${host}/#token=another-wrong-one`);
    await until(() => !page.url().includes("token"));
    await toggle.click();
    await isRefused();
    await page.goto(`http://${host}/#token=${TOKEN}`);
    await toggle.click();

    await toggle.getByText("Pause gating").waitFor();
    expect(page.url()).not.toContain("token");
  });

  test("it works in a browser that keeps nothing for pages", async () => {
    const { host, controller } = await serve({ control: true, token: TOKEN });
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    const noStorage = `for (const name of ["localStorage", "sessionStorage"])
      Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError"); } });`;

    const page = await open(`http://${host}/#token=${TOKEN}`, { script: noStorage });
    await wells(page, /^A01 level/).waitFor();
    await page.getByRole("button", { name: "Dark" }).click();
    await page.getByRole("button", { name: "Light" }).waitFor();
    await page.getByTestId("gating-toggle").click();

    await page.getByTestId("gating-toggle").getByText("Resume gating").waitFor();
  });

  test("thresholds are typed key by key, and what another page sets meanwhile stays", async () => {
    const { host, controller } = await serve({ control: true, token: TOKEN });
    await controller.ask(0, { site: { name: "A1-Site_0", well: "A1" } });
    const page = await open(`http://${host}/#token=${TOKEN}`);

    await page.getByTestId("threshold-level").click({ clickCount: 3 });
    await page.keyboard.type("0.75");
    expect(await page.getByTestId("threshold-level").inputValue()).toBe("0.75");
    await change(host, { what: "rules", rules: { maxLevel: 1, minCertainty: 0.6 } });
    await until(async () => (await page.getByTestId("threshold-certainty").inputValue()) === "0.6");
    await page.keyboard.press("Enter");

    const rules = async () => (await ask(host, "/api/status")).json<StatusView>().rules;
    await until(async () => (await rules()).maxLevel === 0.75);
    expect(await rules()).toEqual({ maxLevel: 0.75, minCertainty: 0.6 });
  });

  test("positions without wells are shown where the stage has them", async () => {
    const { host, controller } = await serve();
    for (let i = 0; i < 6; i++) {
      await controller.ask(i === 4 ? 7 : 0, {
        mode: "observe",
        site: { name: `Pos${i}` },
        xUm: 1000 * (i % 3),
        yUm: 1000 * Math.floor(i / 3),
      });
    }

    const page = await open(`http://${host}/`);
    const map = page.getByTestId("stage-map");
    await map.getByRole("button", { name: /^Pos4 level 7.0 .*flagged/ }).click();

    await page.getByText("Chosen frame").waitFor();
    const place = async (name: string) => (await map.getByRole("button", { name }).boundingBox())!;
    const [first, second, below] = [await place("Pos0"), await place("Pos1"), await place("Pos3")];
    expect(second.y).toBeCloseTo(first.y, 0);
    expect(below.y - first.y).toBeCloseTo(second.x - first.x, 0);
    expect(await seriousFaults(page)).toEqual([]);
  });
});

/** What axe finds that keeps people from using the page. */
async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(require.resolve("axe-core/axe.min.js"), "utf8"));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as PageWithAxe;
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}
