import { launchChromium } from "/work/main/test/helpers/chromium.ts";
const [url, out, dark, w="1440", h="900", wait="1500"] = process.argv.slice(2);
const b = await launchChromium(); const p = await b.newPage({ viewport: { width: +w, height: +h }, colorScheme: dark==="dark"?"dark":"light" });
p.on("console", m => console.log("console", m.type(), m.text())); p.on("pageerror", e => console.log("pageerror", e.message));
await p.goto(url); await p.waitForTimeout(+wait); await p.screenshot({ path: out, fullPage: true }); await b.close();
