/** Under which name a tab keeps the token that lets it change things. */
const KEY = "parfocal-token";

/** The token from the address, which then no longer shows it, or from an earlier visit of this tab. */
export function takeToken(): string | undefined {
  const match = /[#&]token=([^&]+)/.exec(location.hash);
  if (match !== null) {
    sessionStorage.setItem(KEY, decodeURIComponent(match[1]!));
    history.replaceState(undefined, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY) ?? undefined;
}

/** Keeps what a person has entered; undefined forgets it. */
export function keepToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}
