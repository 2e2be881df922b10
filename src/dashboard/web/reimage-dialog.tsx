import { useEffect, useRef, useState } from "preact/hooks";
import {
  DEMO_STAGES,
  placedSites,
  reimageCsv,
  reimageList,
  reimagePos,
  reimageUseq,
} from "../../runs/reimage-list.js";
import { runName } from "../../runs/run-name.js";
import { download } from "./download.js";
import { number, siteName } from "./formats.js";
import type { PageState } from "./page-state.js";

export interface ReimageDialogProps {
  readonly page: PageState;
  readonly onClose: () => void;
}

/** The positions to image again while the plate is still there, to look at and to take along. */
export function ReimageDialog({ page, onClose }: ReimageDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [withBlank, setWithBlank] = useState(false);
  const [stages, setStages] = useState(DEMO_STAGES);
  useEffect(() => dialog.current?.showModal(), []);
  const list = reimageList(page.table.sites, page.states.all(), { withBlank });
  const unplaced = list.length - placedSites(list).length;
  const name = `reimage-${runName(page.table.entry())
    .replace(/[^\w.-]+/g, "_")
    .slice(-60)}`;
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="reimage-title" data-testid="reimage-dialog">
      <h2 id="reimage-title">Positions to image again: {list.length}</h2>
      <label>
        <input type="checkbox" checked={withBlank} onChange={() => setWithBlank(!withBlank)} />
        also positions where there is nothing to judge
      </label>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reached by the keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Positions">
        <table>
          <thead>
            <tr>
              {["Position", "Channels", "Level", "z, µm", "Why"].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.map(({ site, channels, level, zUm, reason }) => (
              <tr key={`${site.plate} ${site.name}`}>
                <td>{[site.plate, siteName(site)].filter(Boolean).join(" ")}</td>
                <td>{channels.join(", ")}</td>
                <td class="number">{number(level, 1)}</td>
                <td class="number">{number(zUm, 1)}</td>
                <td>{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {list.length === 0 && <p class="empty">Nothing needs to be imaged again.</p>}
      </section>
      {unplaced > 0 && <p class="warning">{unplaced} of them have no x and y and are in the CSV only.</p>}
      <div class="tools">
        <button
          type="button"
          data-testid="reimage-csv"
          onClick={() => download(`${name}.csv`, "text/csv", reimageCsv(list))}
        >
          CSV
        </button>
        <button
          type="button"
          data-testid="reimage-useq"
          onClick={() => download(`${name}.json`, "application/json", reimageUseq(list))}
        >
          useq (pymmcore-plus)
        </button>
        <button
          type="button"
          data-testid="reimage-pos"
          onClick={() => download(`${name}.pos`, "application/json", reimagePos(list, stages))}
        >
          Micro-Manager .pos
        </button>
        <label>
          XY stage{" "}
          <input
            size={8}
            value={stages.xyStage}
            onInput={(event) => setStages({ ...stages, xyStage: event.currentTarget.value })}
          />
        </label>
        <label>
          Z stage{" "}
          <input
            size={8}
            value={stages.zStage}
            onInput={(event) => setStages({ ...stages, zStage: event.currentTarget.value })}
          />
        </label>
        <span class="spring" />
        <button type="button" class="primary" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
