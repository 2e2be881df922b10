/**
 * Loaded into the agent (`node --import`): how long its main thread is kept from its timers. Between two ticks, the time that
 * passed and, of it, what the thread waited for a core (Linux tells), so that other programs can be told from its own work.
 * SIGUSR2 writes all gaps since the last time to the file that PROBE_FILE names: pairs of ms, the second without the waiting.
 */
import { openSync, readSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const TICK_MS = 2;
const MOST = 400_000;

if (isMainThread && process.env.PROBE_FILE !== undefined) measure(process.env.PROBE_FILE);

function measure(file) {
  const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, "r");
  const buffer = Buffer.alloc(96);
  const waitedMs = () => {
    const text = buffer.latin1Slice(0, readSync(schedule, buffer, 0, buffer.length, 0));
    return Number(text.split(" ")[1]) / 1e6;
  };
  const gaps = new Float32Array(2 * MOST);
  let count = 0;
  let [lastMs, lastWaitedMs] = [performance.now(), waitedMs()];
  setInterval(() => {
    const [nowMs, nowWaitedMs] = [performance.now(), waitedMs()];
    if (count < MOST) {
      gaps[2 * count] = nowMs - lastMs;
      gaps[2 * count + 1] = nowMs - lastMs - (nowWaitedMs - lastWaitedMs);
      count++;
    }
    [lastMs, lastWaitedMs] = [nowMs, nowWaitedMs];
  }, TICK_MS).unref();
  process.on("SIGUSR2", () => {
    writeFileSync(file, Buffer.from(gaps.buffer, 0, 8 * count));
    count = 0;
    [lastMs, lastWaitedMs] = [performance.now(), waitedMs()];
  });
}
