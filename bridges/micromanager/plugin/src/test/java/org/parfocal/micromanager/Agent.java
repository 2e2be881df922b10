package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mmcorej.org.json.JSONArray;
import mmcorej.org.json.JSONObject;

/** The built agent in a process of its own; can be killed, stopped and started again at the same address. */
final class Agent implements AutoCloseable {
  static final long START_MS = 60_000;

  private final Path results;
  private final List<String> flags;
  private Process process;
  private String address = "tcp://127.0.0.1:*";

  private Agent(Path results, String... flags) {
    this.results = results;
    this.flags = List.of(flags);
  }

  /** A running agent that writes its results to this folder; where it is not built, skips, or fails in CI. */
  static Agent start(Path results, String... flags) throws Exception {
    if (!Files.exists(main())) {
      String reason = "the agent is not built: there is no " + main() + " (npm run build, or PARFOCAL_AGENT)";
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      abort(reason);
    }
    Agent agent = new Agent(results, flags);
    agent.start();
    return agent;
  }

  /** The same at a given address. */
  static Agent startAt(String address, Path results) throws Exception {
    Agent agent = new Agent(results);
    agent.address = address;
    agent.start();
    return agent;
  }

  /** Root of the repository. */
  static Path root() {
    return Paths.get("../../..").toAbsolutePath().normalize();
  }

  String address() {
    return address;
  }

  void start() throws Exception {
    Files.createDirectories(results);
    List<String> command = new ArrayList<>(List.of("node", main().toString(), "agent"));
    command.addAll(List.of("--address", address, "--publish", "tcp://127.0.0.1:*", "--results", results.toString()));
    String model = System.getenv("PARFOCAL_TEST_MODEL");
    command.addAll(model == null ? List.of() : List.of("--model", model));
    command.addAll(List.of("--dashboard-port", "0"));
    command.addAll(flags);
    File log = results.resolve("agent.log").toFile();
    process = new ProcessBuilder(command).directory(root().toFile())
        .redirectError(ProcessBuilder.Redirect.appendTo(log)).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String line = CompletableFuture.supplyAsync(() -> readLine(out)).get(START_MS, TimeUnit.MILLISECONDS);
    if (line == null) {
      fail("the agent did not start:\n" + Files.readString(log.toPath()));
    }
    address = new JSONObject(line).getJSONObject("addresses").getString("zeromq");
  }

  /** Sends a signal, "STOP" or "CONT". */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor();
  }

  /** Ends it without a word. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws IOException {
    if (!process.isAlive()) {
      return;
    }
    try {
      signal("CONT");
      process.destroy();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** The lines of results.jsonl of one type, as far as written. */
  List<JSONObject> records(String type) {
    try {
      List<JSONObject> records = new ArrayList<>();
      String text = Files.readString(results.resolve("results.jsonl"));
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
        JSONObject record = line.isEmpty() ? new JSONObject() : new JSONObject(line);
        if (type.equals(record.optString("type"))) {
          records.add(record);
        }
      }
      return records;
    } catch (IOException e) {
      return List.of();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The records of one type about one site, once there are so many: they are written after the answer was sent. */
  List<JSONObject> records(String type, String site, int count) {
    Eventually.holds(() -> ofSite(records(type), site).size() >= count, count + " records " + type + " of " + site);
    return ofSite(records(type), site);
  }

  private static List<JSONObject> ofSite(List<JSONObject> records, String site) {
    List<JSONObject> found = new ArrayList<>();
    for (JSONObject record : records) {
      JSONObject frame = record.optJSONObject("frame");
      JSONObject place = (frame == null ? record : frame).optJSONObject("site");
      if (place != null && site.equals(place.optString("name"))) {
        found.add(record);
      }
    }
    return found;
  }

  static double[] numbers(JSONArray array) throws Exception {
    double[] numbers = new double[array.length()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.getDouble(i);
    }
    return numbers;
  }

  private static Path main() {
    String named = System.getProperty("PARFOCAL_AGENT", System.getenv("PARFOCAL_AGENT"));
    return named == null ? root().resolve("dist/cli/main.js") : Paths.get(named).toAbsolutePath().normalize();
  }

  private static String readLine(BufferedReader reader) {
    try {
      return reader.readLine();
    } catch (IOException e) {
      return null;
    }
  }
}
