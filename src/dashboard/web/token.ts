import { keep, kept } from "./browser-storage.js";

/** Under which name a tab keeps the token that lets it change things. */
const KEY = "parfocal-token";

/** The token from the address, which then no longer shows it, or from an earlier visit of this tab. */
export function takeToken(): string | undefined {
  const match = /[#&]token=([^&]+)/.exec(location.hash);
  if (match === null) return kept("sessionStorage", KEY);
  const token = decoded(match[1]!);
  keepToken(token);
  history.replaceState(undefined, "", location.pathname + location.search);
  return token;
}

/** Keeps what a person has entered; undefined forgets it. */
export function keepToken(token: string | undefined): void {
  keep("sessionStorage", KEY, token);
}

/** As a person may have put it together. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
