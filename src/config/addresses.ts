import { z } from "zod";

const TCP = /^tcp:\/\/(?<host>\[[^\]]+\]|[^:/]+):(?<port>\*|\d{1,5})$/;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

/**
 * An address that a socket may be bound to: loopback, a file socket, or within the process. Port 0 or `*` picks a
 * free one.
 */
export const BindAddress = z.string().superRefine((address, ctx) => {
  if (/^(ipc|inproc):\/\/.+/.test(address)) return;
  const groups = TCP.exec(address)?.groups;
  if (groups === undefined || (groups.port !== "*" && Number(groups.port) > 65535)) {
    ctx.addIssue({ code: "custom", message: `"${address}" is not an address like tcp://127.0.0.1:5610` });
  } else if (!LOOPBACK.test(groups.host!)) {
    const message =
      `"${address}" can be reached from other machines, which needs CURVE keys; this version has none. ` +
      "Use tcp://127.0.0.1:PORT, and an SSH tunnel to reach it from elsewhere";
    ctx.addIssue({ code: "custom", message });
  }
});

/** Address of a server that is asked over HTTP. */
export const HttpAddress = z
  .url({ protocol: /^https?$/, error: "must be an address that begins with http:// or https://" })
  // `fetch` refuses such an address, and says it in full.
  .refine((address) => !hasAccount(address), {
    error: "must have no user and password before its host; use an address that needs none",
  });

function hasAccount(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password } = new URL(address);
  return username !== "" || password !== "";
}
