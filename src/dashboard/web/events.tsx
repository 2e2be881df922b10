import { stringify } from "csv-stringify/browser/esm/sync";
import { useMemo, useState } from "preact/hooks";
import type { EventRow } from "../../runs/run-snapshot.js";
import { download } from "./download.js";
import { clock, siteName } from "./formats.js";
import type { PageState } from "./page-state.js";

/** Events that are listed; the table to download has all. */
const LISTED = 200;

const KINDS = [
  "refocus",
  "outcome",
  "flag",
  "abstain",
  "abandon",
  "drop",
  "error",
  "change",
  "alert",
] as const satisfies readonly EventRow["kind"][];

const SIGNS: Readonly<Record<EventRow["severity"], string>> = { info: "·", warning: "▲", error: "■" };

/** What happened, the newest first. */
export function Events({ page }: { readonly page: PageState }) {
  const [kind, setKind] = useState<EventRow["kind"] | "">("");
  const [text, setText] = useState("");
  const { events } = page.table;
  const shown = useMemo(() => {
    const words = text.toLowerCase();
    const found: EventRow[] = [];
    for (let i = events.length - 1; i >= 0 && found.length < LISTED; i--) {
      const event = events[i]!;
      if (kind !== "" && event.kind !== kind) continue;
      if (words !== "" && !lineOf(page, event).toLowerCase().includes(words)) continue;
      found.push(event);
    }
    return found;
  }, [page.version, page.table, kind, text]);
  return (
    <>
      <div class="tools">
        <select
          aria-label="Kind of event"
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value as EventRow["kind"] | "")}
        >
          <option value="">all kinds</option>
          {KINDS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Text in the event"
          placeholder="well or words"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="button" onClick={() => download("events.csv", "text/csv", eventsCsv(page))}>
          Download CSV
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reached by the keyboard. */}
      <ul class="events" data-testid="events" tabIndex={0} aria-label="Events, the newest first">
        {shown.map((event) => (
          <li key={`${event.ms} ${event.kind} ${event.frameId} ${event.text}`} class={event.severity}>
            <span aria-hidden="true">{SIGNS[event.severity]}</span>
            <time>{clock(event.ms)}</time>
            {event.site === undefined ? (
              <span class="event-site">agent</span>
            ) : (
              <button
                type="button"
                class="link event-site"
                onClick={() =>
                  page.select({
                    site: event.site!,
                    channel: event.channel ?? "",
                    timeIndex: event.timeIndex ?? 0,
                    frameId: event.frameId,
                  })
                }
              >
                {siteName(page.siteOf(event.site))}
              </button>
            )}
            <span class="event-kind">{event.kind}</span>
            <span>{event.text}</span>
          </li>
        ))}
        {shown.length === 0 && <li class="empty">Nothing yet.</li>}
      </ul>
    </>
  );
}

function lineOf(page: PageState, { site, channel, kind, text }: EventRow): string {
  return `${site === undefined ? "agent" : siteName(page.siteOf(site))} ${channel ?? ""} ${kind} ${text}`;
}

function eventsCsv(page: PageState): string {
  const rows = page.table.events.map(({ ms, kind, severity, text, site, channel, timeIndex, frameId }) => ({
    time: new Date(ms).toISOString(),
    ...{ kind, severity, position: site === undefined ? "" : page.siteOf(site).name, channel },
    ...{ time_index: timeIndex, frame: frameId, text },
  }));
  const columns = ["time", "kind", "severity", "position", "channel", "time_index", "frame", "text"];
  return stringify(rows, { escape_formulas: true, header: true, columns });
}
