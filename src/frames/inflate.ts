import { inflateSync } from "node:zlib";

/** Bytes that may come behind what is needed: some writers leave a row or padding there. */
const MOST_BEHIND = 2 ** 20;

/**
 * Unpacks Deflate data with zlib's header, `wanted` bytes at most; a little that comes behind them is left out.
 * @throws Error where the data are damaged, or unpack to far more.
 */
export function inflated(data: Uint8Array, wanted: number): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: wanted + MOST_BEHIND }).subarray(0, wanted);
  } catch (cause) {
    const isTooLarge = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge ? new Error("it unpacks to far more than its pixels", { cause }) : cause;
  }
}
