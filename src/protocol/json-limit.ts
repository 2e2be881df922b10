/** Largest accepted JSON part of a message, bytes. */
export const MAX_JSON_BYTES = 1 << 20;
