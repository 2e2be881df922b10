import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where a Chromium is installed on this machine; PARFOCAL_CHROMIUM names another place. */
export const CHROMIUM = [process.env.PARFOCAL_CHROMIUM, ...PATHS].find(
  (path) => path !== undefined && existsSync(path),
);

/** A real browser that asks nothing of the network but what its pages do. */
export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error("no Chromium is installed (apt-get install chromium)");
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
