/**
 * What Squid describes each page of its stacks with: JSON (Cephla-Lab/Squid, job_processing, `MULTI_PAGE_TIFF`).
 * @module
 */
import { readJsonLeniently } from "./lenient-json.js";
import { type FrameMetadata, withoutUndefined } from "./micro-manager-metadata.js";

/** Whether a description is such JSON. */
export function isSquid(description: string): boolean {
  return /^\s*\{/.test(description) && description.includes('"z_level"') && description.includes('"fov"');
}

/** Channel, plane and place of the stage; z is that of the drive with that of its piezo. What is missing is left out. */
export function parseSquid(description: string): FrameMetadata {
  const said = Object(readJsonLeniently(description)) as Readonly<Record<string, unknown>>;
  const number = (key: string) => {
    const value = said[key];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  };
  const um = (key: string) => {
    const mm = number(key);
    // No digits of the conversion.
    return mm === undefined ? undefined : Math.round(mm * 1e6) / 1000;
  };
  const index = (key: string) => {
    const value = number(key);
    return value !== undefined && Number.isInteger(value) && value >= 0 ? value : undefined;
  };
  const driveUm = um("z_mm");
  return withoutUndefined({
    channel: typeof said.channel === "string" && said.channel !== "" ? said.channel : undefined,
    channelIndex: index("channel_index"),
    zIndex: index("z_level"),
    xUm: um("x_mm"),
    yUm: um("y_mm"),
    zUm: driveUm === undefined ? undefined : driveUm + (number("z_piezo (um)") ?? 0),
  });
}
