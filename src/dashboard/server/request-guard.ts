import type { IncomingMessage } from "node:http";

/** Names of this machine for itself. A page of another name is one that a foreign name server points here. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Why a request is refused before it is looked at, or undefined. Browsers let any page send requests to this machine:
 * the name that was asked for must be this machine's (against DNS rebinding), and the page that asks, where one is
 * named, must be the dashboard's own.
 */
export function foreignRequest({ headers }: Pick<IncomingMessage, "headers">): string | undefined {
  const { host, origin } = headers;
  if (host === undefined || !LOOPBACK.test(host)) {
    return `the host "${host ?? ""}" is not this machine: open the page as 127.0.0.1, from elsewhere through ssh -L`;
  }
  if (origin === undefined) return undefined;
  return origin === `http://${host}` ? undefined : `the origin "${origin}" is not the dashboard`;
}
