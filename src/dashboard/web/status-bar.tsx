import { runName } from "../../runs/run-name.js";
import { ago, percent, siteName } from "./formats.js";
import type { PageState } from "./page-state.js";
import { tally } from "./tally.js";

/** No frame for this long, and the microscope counts as idle, ms. */
const IDLE_MS = 30_000;

export interface StatusBarProps {
  readonly page: PageState;
  readonly toReimage: number;
  readonly onReimage: () => void;
  readonly isDark: boolean;
  readonly onTheme: () => void;
}

/** Is it running, how does it go, and which run is shown. */
export function StatusBar({ page, toReimage, onReimage, isDark, onTheme }: StatusBarProps) {
  const { status, table } = page;
  const state = stateOf(page);
  const counts = tally(page);
  const newest = table.frames.at(-1);
  const health = status?.health;
  const isLive = status?.liveRun === table.id;
  const sum = (numbers: Readonly<Record<string, number>> | undefined) =>
    Object.values(numbers ?? {}).reduce((total, count) => total + count, 0);
  const facts: [string, string, string?][] = [
    ["sites", `${counts.sites}`],
    ["in focus", percent(counts.sharp, counts.judgedOrNot)],
    ["flagged", percent(counts.flagged, counts.judgedOrNot)],
    ["not judged", percent(counts.notJudged, counts.judgedOrNot)],
    ["refocused", `${counts.refocused} (${counts.recovered} recovered)`],
    ["frames", framesShown(table.frames.length, table.counts.frames)],
  ];
  if (health !== undefined && status?.kind === "agent") {
    facts.push(
      ["queue", String(health.queueDepth)],
      [
        "drops",
        String(sum(health.drops)),
        Object.entries(health.drops)
          .map(([why, n]) => `${why}: ${n}`)
          .join(", "),
      ],
      [
        "errors",
        String(sum(health.errors)),
        Object.entries(health.errors)
          .map(([code, n]) => `${code}: ${n}`)
          .join(", "),
      ],
    );
    if (status.skippedPictures > 0) facts.push(["without picture", String(status.skippedPictures)]);
  }
  return (
    <header class="status-bar">
      <div class="status-line">
        <h1>Parfocal</h1>
        <span class={`state state-${state.kind}`} data-testid="status-state" title={status?.engine ?? ""}>
          <span class="state-sign" aria-hidden="true">
            {state.sign}
          </span>
          {state.words}
        </span>
        {isLive && newest !== undefined && (
          <span class="where">
            {[page.siteOf(newest.site).plate, siteName(page.siteOf(newest.site)), newest.channel]
              .filter((word) => word !== undefined && word !== "")
              .join(" · ")}
            {newest.timeIndex > 0 ? ` · time ${newest.timeIndex}` : ""}
          </span>
        )}
        <span class="spring" />
        <label>
          Run{" "}
          <select
            data-testid="run-picker"
            value={table.id}
            onChange={(event) => void page.pick(event.currentTarget.value)}
          >
            {!page.runs.some(({ id }) => id === table.id) && (
              <option value={table.id}>{table.isEmpty ? "none yet" : runName(table.entry())}</option>
            )}
            {page.runs.map(({ id, plates, ...run }) => (
              <option key={id} value={id} title={id}>
                {id === status?.liveRun && status.kind === "agent" ? "live: " : ""}
                {runName({ id, ...run })}
                {plates.length > 0 ? ` (${plates.join(", ")})` : ""}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="primary" data-testid="reimage-open" onClick={onReimage}>
          Re-image list ({toReimage})
        </button>
        <button type="button" onClick={onTheme} aria-pressed={isDark}>
          {isDark ? "Light" : "Dark"}
        </button>
      </div>
      <dl class="facts">
        {facts.map(([name, value, title]) => (
          <div key={name} title={title ?? ""}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

function stateOf({ status, isConnected }: PageState): { kind: string; sign: string; words: string } {
  if (status === undefined || !isConnected) return { kind: "away", sign: "◌", words: "Not connected" };
  if (status.kind === "replay") return { kind: "replay", sign: "↻", words: "Replay of a finished run" };
  const { state, lastFrameMs } = status.health;
  if (state !== "running") return { kind: "away", sign: "■", words: `Agent is ${state}` };
  if (!status.gating) return { kind: "paused", sign: "❚❚", words: "Watching only: gating is paused" };
  if (lastFrameMs === undefined) return { kind: "idle", sign: "○", words: "Ready, no frame yet" };
  const silentMs = status.nowMs - lastFrameMs;
  return silentMs > IDLE_MS
    ? { kind: "idle", sign: "○", words: `Idle, last frame ${ago(silentMs)} ago` }
    : { kind: "running", sign: "●", words: "Running" };
}

/** Of a long run the newest are shown. */
function framesShown(shown: number, all: number): string {
  return shown < all ? `the last ${shown} of ${all}` : `${all}`;
}
