import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Dealer, Publisher, Router } from "zeromq";
import { assertNobodyListens, socketOptions } from "../../src/protocol/socket-address.js";
import { temporaryFolder } from "../agent/helpers.js";

test.skipIf(process.platform === "win32")(
  "a socket file is refused while somebody listens at it",
  async () => {
    const address = `ipc://${join(await temporaryFolder(), "agent.sock")}`;
    await assertNobodyListens(address);
    const router = new Router();
    await router.bind(address);
    await expect(assertNobodyListens(address)).rejects.toMatchObject({ code: "EADDRINUSE" });

    router.close();
    await assertNobodyListens(address);
  },
);

test("other addresses are the system's to refuse", async () => {
  const publisher = new Publisher();
  onTestFinished(() => publisher.close());
  await publisher.bind("tcp://127.0.0.1:*");

  await assertNobodyListens(publisher.lastEndpoint!);
});

const hasIpv6 = Object.values(networkInterfaces()).some((at) => at?.some(({ address }) => address === "::1"));

test.skipIf(!hasIpv6)("an address of IPv6 can be bound and connected to", async () => {
  const router = new Router(socketOptions("tcp://[::1]:*"));
  const dealer = new Dealer(socketOptions("tcp://[::1]:*"));
  onTestFinished(() => {
    router.close();
    dealer.close();
  });
  await router.bind("tcp://[::1]:*");
  dealer.connect(router.lastEndpoint!);
  await dealer.send("here");

  expect(String((await router.receive())[1])).toBe("here");
  expect(socketOptions("tcp://127.0.0.1:5610")).toEqual({});
});
