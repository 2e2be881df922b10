import { ZSTDDecoder } from "zstddec";

/** Decodes Zstandard to at most so many bytes. @throws Error where it claims more, or is damaged. */
export async function decodeZstandard(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const decoded = decoder.decode(bytes, maxBytes);
  if (decoded.length > maxBytes) throw new Error("the Zstandard data are damaged");
  return Uint8Array.from(decoded);
}
