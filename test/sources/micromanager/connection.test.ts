import { describe, expect, onTestFinished, test } from "vitest";
import { Reply, Request } from "zeromq";
import { z } from "zod";
import { MicroManagerConnection } from "../../../src/sources/micromanager/connection.js";
import { MicroManagerCore } from "../../../src/sources/micromanager/core.js";
import { bytes, double, doubles, shorts, text } from "../../../src/sources/micromanager/java-arguments.js";
import { using } from "../../../src/sources/micromanager/java-object.js";
import { MicroManagerStudio } from "../../../src/sources/micromanager/studio.js";
import { connect, JavaServer, missing, recordingProxy, until } from "./java-server.js";

/** Something at the other end that Micro-Manager never is. */
async function impostor(answer: string): Promise<number> {
  const socket = new Reply({ linger: 0 });
  onTestFinished(() => socket.close());
  await socket.bind("tcp://127.0.0.1:*");
  void (async () => {
    for await (const _ of socket) await socket.send(answer);
  })();
  return Number(socket.lastEndpoint!.split(":").at(-1));
}

function failureOf(call: Promise<unknown>): Promise<Error | undefined> {
  return call.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
}

describe.skipIf(missing !== undefined)("the client of Micro-Manager's own server", () => {
  test("says what PyJavaZ's own client says, byte for byte, and is understood", async () => {
    const server = await JavaServer.start();
    await server.set("zUm", 12.5);
    const { port, requests, replies } = await recordingProxy(server.address);
    const connection = new MicroManagerConnection({ port });
    await connection.start();
    const core = new MicroManagerCore(connection);
    expect(await core.call("getPosition", [text("Z")])).toBe(12.5);
    await connection.stop();

    expect(requests.every(([delimiter]) => delimiter!.length === 0)).toBe(true);
    const [hello, construct, position, destruct] = requests.map(([, ...parts]) => parts.join("|"));
    const hash = (JSON.parse(replies[1]![1]!.toString("latin1")) as { "hash-code": string })["hash-code"];
    expect(hello).toBe('{"command":"connect","debug":false}');
    expect(replies[0]!.join("|")).toContain('"version":"5.1.0"');
    expect(construct).toBe(
      '{"command":"constructor","classpath":"mmcorej.CMMCore","argument-types":[],' +
        '"argument-deserialization-types":[],"arguments":[]}',
    );
    expect(position).toBe(
      `{"command":"run-method","static":false,"hash-code":"${hash}","name":"getPosition",` +
        '"argument-types":["java.lang.String"],"argument-deserialization-types":["java.lang.String"],' +
        '"arguments":["Z"]}',
    );
    expect(JSON.parse(replies[2]![1]!.toString())).toEqual({ type: "primitive", value: 12.5 });
    expect(destruct).toBe(`{"command":"destructor","hash-code":"${hash}"}`);
    expect(requests).toHaveLength(4);
  });

  test("sends arrays, numbers and text as Java reads them, and reads Java's", async () => {
    const server = await JavaServer.start();
    const core = new MicroManagerCore(await connect(server.port));
    expect(await core.call("echo", [shorts([1, -2, 3])])).toBe("[1, -2, 3]");
    expect(await core.call("echo", [doubles([1.5, -2.25])])).toBe("[1.5, -2.25]");
    expect(await core.call("echo", [bytes(Uint8Array.of(1, 255))])).toBe("[1, -1]");
    expect(await core.call("echo", [text('Camµ @1 \n"\\')])).toBe('Camµ @1 \n"\\');
    expect(await core.call("echo", [text(null)])).toBe(null);
    expect(await core.call("doubles")).toEqual(Float64Array.of(1.5, -2.25));
  });

  test("calls static methods of a class", async () => {
    const server = await JavaServer.start();
    const connection = await connect(server.port);
    const result = await using(await connection.classNamed("java.lang.Math"), (math) =>
      math.call("hypot", [double(3), double(4)]),
    );
    expect(result).toBe(5);
    expect((await server.state()).liveObjects).toBe(0);
  });

  test("refuses an @ beside an array before it is sent, and goes on", async () => {
    const server = await JavaServer.start();
    const core = new MicroManagerCore(await connect(server.port));
    await expect(core.call("echo", [text("a@b"), shorts([1])])).rejects.toMatchObject({
      tag: "MicroManagerError",
      message: expect.stringMatching(/Core\.echo was not sent: "a@b" holds an @/),
    });
    expect(await core.zUm()).toBe(0);
  });

  test("snaps a frame with its pixels and where it was taken", async () => {
    const server = await JavaServer.start({ zUm: 3 });
    const core = new MicroManagerCore(await connect(server.port));
    const { frame, metadata } = await core.snap();
    expect(frame).toMatchObject({ width: 512, height: 512, bitDepth: 16 });
    expect(frame.pixels).toBeInstanceOf(Uint16Array);
    expect(metadata).toMatchObject({ zUm: 3, exposureMs: 10, pixelUm: 0.65, camera: "Camera" });
    const mean = [...frame.pixels].reduce((sum, value) => sum + value, 0) / frame.pixels.length;
    expect(mean).toBeGreaterThan(100);
    expect(mean).toBeLessThan(400);
  });

  test("drives, exposes and reads back", async () => {
    const server = await JavaServer.start();
    const connection = await connect(server.port);
    const core = new MicroManagerCore(connection);
    await core.moveToZ(7.25);
    await core.setExposureMs(25);
    expect(await core.zUm()).toBe(7.25);
    expect(await core.exposureMs()).toBe(25);
    expect(await core.xyUm()).toEqual({ xUm: 0, yUm: 0 });
    expect(await core.pixelUm()).toBe(0.65);
    await server.set("pixelUm", 0);
    expect(await core.pixelUm()).toBe(undefined);
    expect((await server.state()).calls.waitForDevice).toBe(1);
  });

  test("pauses and resumes Studio's acquisition and runs its autofocus", async () => {
    const server = await JavaServer.start({ running: true, focusUm: 4 });
    const studio = new MicroManagerStudio(await connect(server.port));
    expect(await studio.isAcquisitionRunning()).toBe(true);
    await studio.setAcquisitionPaused(true);
    expect(await studio.isAcquisitionPaused()).toBe(true);
    await studio.setAcquisitionPaused(false);
    expect(await studio.fullFocus()).toBe("Test autofocus");
    expect(await server.state()).toMatchObject({ pauses: [true, false], zUm: 4.2 });
    await server.set("studioAutofocus", false);
    expect(await studio.fullFocus()).toBe(undefined);
  });

  test("leaves no object behind: not after snaps, not after failures, not after a stop", async () => {
    const server = await JavaServer.start();
    const connection = await connect(server.port);
    const core = new MicroManagerCore(connection);
    await core.snap();
    const { liveObjects } = await server.state();
    for (let i = 0; i < 5; i++) await core.snap();
    await server.fail("snapImage", "Camera is on fire");
    await expect(core.snap()).rejects.toThrow("Camera is on fire");
    const map = await connection.construct("java.util.HashMap");
    await expect(using(map, () => Promise.reject(new Error("on purpose")))).rejects.toThrow("on purpose");
    const held = await connection.construct("java.util.ArrayList");
    await expect(held.get(z.number(), "iterator")).rejects.toThrow(/iterator gave what was not expected/);
    await held.free();
    expect(liveObjects).toBe(1);
    expect((await server.state()).liveObjects).toBe(1);
    await connection.stop();
    expect((await server.state()).liveObjects).toBe(0);
  });

  test("passes Java's exceptions on with the call's name and stays usable", async () => {
    const server = await JavaServer.start();
    const connection = await connect(server.port);
    const core = new MicroManagerCore(connection);
    await expect(core.moveToZ(1000)).rejects.toMatchObject({
      tag: "JavaExceptionError",
      message: expect.stringMatching(/refused .*Core\.setPosition: .*limits/),
      javaStack: expect.stringContaining("outside of the limits (103)"),
    });
    await expect(connection.construct("org.example.Nothing")).rejects.toThrow(
      /org.example.Nothing: .*not found/i,
    );
    await expect(core.call("noSuchMethod")).rejects.toThrow(/noSuchMethod/);
    // A native method, and there is no native library: a Java Error.
    await expect(core.call("getAPIVersionInfo")).rejects.toThrow(/UnsatisfiedLinkError|NoClassDefFoundError/);
    expect(await core.zUm()).toBe(0);
    expect((await server.state()).liveObjects).toBe(1);
  });

  test("stops waiting when told so; the connection stays usable and a late object is freed", async () => {
    const server = await JavaServer.start();
    const connection = await connect(server.port);
    const core = new MicroManagerCore(connection);
    await core.zUm();
    await server.set("slowMs", 300);
    const held = await connection.construct("mmcorej.CMMCore");
    const stop = new AbortController();
    const snapping = held.call("snapImage");
    const waiting = held.call("getTaggedImage", [], { signal: stop.signal }).catch((error: unknown) => error);
    stop.abort(new Error("enough"));
    expect(await waiting).toMatchObject({ message: "enough" });
    await snapping;
    await held.free();
    expect((await server.state()).calls.getTaggedImage).toBe(undefined);
    const late = new AbortController();
    const other = core.call("getTaggedImage", [], { signal: late.signal }).catch((error: unknown) => error);
    await new Promise<void>((resolve) => void setImmediate(resolve));
    late.abort(new Error("enough"));
    expect(await other).toMatchObject({ message: "enough" });
    await server.set("slowMs", 0);
    expect(await core.zUm()).toBe(0);
    expect(await core.zUm()).toBe(0);
    expect((await server.state()).liveObjects).toBe(1);
    await expect(core.call("getPosition", [], { signal: late.signal })).rejects.toThrow("enough");
  });

  test("warns of a server of another version", async () => {
    const warnings: string[] = [];
    const port = await impostor('{"type":"none","version":"6.0.0"}');
    await connect(port, { warn: (message) => void warnings.push(message) });
    expect(warnings).toEqual([expect.stringMatching(/speaks version 6.0.0 .* not 5.1.0/)]);
    const server = await JavaServer.start();
    await connect(server.port, { warn: (message) => void warnings.push(message) });
    expect(warnings).toHaveLength(1);
  });

  test("says that something else has the port when the answer is no answer", async () => {
    const port = await impostor("HTTP/1.1 400");
    const connection = new MicroManagerConnection({ port });
    onTestFinished(() => connection.stop());
    await expect(connection.start()).rejects.toThrow(/answer to connect cannot be read/);
  });

  test("says what to switch on when nothing listens", async () => {
    const connection = new MicroManagerConnection({ port: 9, timeoutMs: 100 });
    onTestFinished(() => connection.stop());
    await expect(connection.start()).rejects.toMatchObject({
      tag: "MicroManagerError",
      address: "tcp://127.0.0.1:9",
      message: expect.stringContaining("Tools > Options > Run server on port 9"),
    });
  });

  test.each([
    ["a call that never returns", async (server: JavaServer) => void (await server.hang("getPosition"))],
    ["a process that is stopped", (server: JavaServer) => server.kill("SIGSTOP")],
    ["a process that is killed", (server: JavaServer) => server.kill("SIGKILL")],
    [
      "a server that died of another client's bad JSON",
      async (server: JavaServer) => {
        const other = new Request({ linger: 0, receiveTimeout: 200 });
        other.connect(server.address);
        await other.send("{");
        await expect(other.receive()).rejects.toThrow();
        other.close();
      },
    ],
  ])("notices %s within its timeout, names call and address, and stays given up", async (_, harm) => {
    const server = await JavaServer.start();
    const connection = await connect(server.port, { timeoutMs: 1000 });
    const core = new MicroManagerCore(connection);
    await core.zUm();
    await harm(server);
    // A signal takes a moment to reach all threads of a process.
    const error = await until(() => failureOf(core.call("getPosition", [text("Z")])));
    expect(error).toMatchObject({
      tag: "MicroManagerError",
      message: expect.stringMatching(new RegExp(`${server.address}: .*getPosition.*`)),
    });
    expect(error.message).toContain("Tools > Options > Run server on port");
    await expect(core.zUm()).rejects.toBe(error);
    await connection.stop();
  });

  test("reaches a server that has come to itself over another connection", async () => {
    const server = await JavaServer.start();
    const connection = await connect(server.port, { timeoutMs: 1000 });
    await server.kill("SIGSTOP");
    const error = await until(() => failureOf(connection.construct("mmcorej.CMMCore")));
    expect(error.message).toContain("no answer to new mmcorej.CMMCore");
    await server.kill("SIGCONT");
    const other = connection.another();
    onTestFinished(() => other.stop());
    await other.start();
    expect(await new MicroManagerCore(other).zUm()).toBe(0);
  });

  test("must be started, and can be stopped without", async () => {
    const connection = new MicroManagerConnection();
    await expect(connection.construct("mmcorej.CMMCore")).rejects.toThrow(/was not started/);
    await connection.stop();
    await connection.stop();
    await expect(connection.construct("mmcorej.CMMCore")).rejects.toThrow(/was stopped/);
  });
});
