package org.parfocal.testserver;

import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import mmcorej.CMMCore;
import mmcorej.org.json.JSONObject;
import org.micromanager.Studio;
import org.micromanager.acqj.internal.Engine;
import org.micromanager.remote.RemoteAcquisitionFactory;

/**
 * Starts the server, prints one line of JSON with its port, then takes commands ({@link Control}).
 *
 * <p>Options: {@code --port N} (0, the default, looks for a free one), {@code --seed N}, and {@code --NAME VALUE} for
 * any number or boolean of {@link Bench}.
 */
public final class Main {
  /** The server gives the ports after its own to streams and further servers, and does not look whether they are free. */
  private static final int PORTS_NEEDED = 40;

  private Main() {}

  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    // PyJavaZ prints on standard output.
    System.setOut(System.err);
    new Control(args, out).run();
    System.exit(0);
  }

  /** A microscope with a server of its own. */
  record Running(Bench bench, CountedServer server, int port) {
    JSONObject ready() throws Exception {
      long pid = ProcessHandle.current().pid();
      return new JSONObject().put("type", "ready").put("port", port).put("pid", pid);
    }
  }

  static Running start(String[] args) throws Exception {
    int port = 0;
    long seed = 1;
    Bench bench = new Bench();
    for (int i = 0; i + 1 < args.length; i += 2) {
      String name = args[i].substring(2);
      if (name.equals("port")) port = Integer.parseInt(args[i + 1]);
      else if (name.equals("seed")) seed = Long.parseLong(args[i + 1]);
      else set(bench, name, args[i + 1]);
    }
    if (port == 0) port = freePorts();

    FakeCore core = new FakeCore(bench, seed);
    FakeStudio studio = new FakeStudio(bench);
    new Engine(core);
    RemoteAcquisitionFactory factory = new RemoteAcquisitionFactory(core);
    CountedServer server = new CountedServer(type -> mapped(type, core, studio, factory), port);

    waitUntilItListens(port);
    return new Running(bench, server, port);
  }

  /** What clients find instead of a new object. */
  private static Object mapped(Class<?> type, CMMCore core, Studio studio, RemoteAcquisitionFactory factory) {
    if (type == CMMCore.class) return core;
    if (type == Studio.class) return studio;
    // With its core as an argument, the server would load the native library.
    if (type == RemoteAcquisitionFactory.class) return factory;
    return null;
  }

  private static void set(Bench bench, String name, String value) throws Exception {
    var field = Bench.class.getDeclaredField(name);
    if (field.getType() == boolean.class) field.setBoolean(bench, Boolean.parseBoolean(value));
    else field.setDouble(bench, Double.parseDouble(value));
  }

  /** The server binds in a thread of its own. */
  private static void waitUntilItListens(int port) throws InterruptedException {
    while (true) {
      try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException notYet) {
        Thread.sleep(5);
      }
    }
  }

  private static int freePorts() {
    Random random = new Random();
    while (true) {
      // Below the range that systems hand out by themselves.
      int first = 12_000 + 50 * random.nextInt(380);
      if (areFree(first)) return first;
    }
  }

  private static boolean areFree(int first) {
    for (int port = first; port < first + PORTS_NEEDED; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        continue;
      } catch (IOException taken) {
        return false;
      }
    }
    return true;
  }
}
