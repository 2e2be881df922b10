import { encode } from "fast-png";
import type { Rgb } from "../../focus/colours.js";
import type { RgbImage } from "../../frames/write-png.js";
import { escapeMarkup } from "../../markup.js";

/** An image inside a page. */
export function imageTag({ width, height, rgb }: RgbImage, text: string): string {
  const png = Buffer.from(encode({ width, height, data: rgb, depth: 8, channels: 3 })).toString("base64");
  return `<img width="${width}" height="${height}" alt="${escapeMarkup(text)}" src="data:image/png;base64,${png}">`;
}

/** A small copy, at most `mostPx` wide: every so many pixels of every so many rows. */
export function thumbnail({ width, height, rgb }: RgbImage, mostPx: number): RgbImage {
  const step = Math.max(1, Math.ceil(width / mostPx));
  const [columns, rows] = [Math.floor(width / step), Math.floor(height / step)];
  const small = new Uint8Array(3 * columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const source = 3 * (y * step * width + x * step);
      small.set(rgb.subarray(source, source + 3), 3 * (y * columns + x));
    }
  }
  return { width: columns, height: rows, rgb: small };
}

/** A small grey square with a coloured frame. */
export interface Tile {
  /** [side, side], 0 to 255 */
  readonly grey: Uint8Array;
  readonly colour: Rgb;
}

const BORDER_PX = 3;

/** Tiles of `sidePx` in rows and columns; missing ones stay white. */
export function montage(rows: readonly (readonly (Tile | undefined)[])[], sidePx: number): RgbImage {
  const cell = sidePx + 2 * BORDER_PX + 2;
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const [width, height] = [columns * cell, Math.max(1, rows.length) * cell];
  const rgb = new Uint8Array(3 * width * height).fill(255);
  for (const [row, tiles] of rows.entries()) {
    for (const [column, tile] of tiles.entries()) {
      if (tile === undefined) continue;
      for (let y = 0; y < sidePx + 2 * BORDER_PX; y++) {
        for (let x = 0; x < sidePx + 2 * BORDER_PX; x++) {
          const [v, u] = [y - BORDER_PX, x - BORDER_PX];
          const isInside = v >= 0 && v < sidePx && u >= 0 && u < sidePx;
          const grey = isInside ? tile.grey[v * sidePx + u]! : 0;
          const at = 3 * ((row * cell + y) * width + column * cell + x);
          rgb.set(isInside ? [grey, grey, grey] : tile.colour, at);
        }
      }
    }
  }
  return { width, height, rgb };
}
