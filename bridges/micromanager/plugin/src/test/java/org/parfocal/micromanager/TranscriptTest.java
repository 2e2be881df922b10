package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import bsh.Interpreter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import mmcorej.org.json.JSONArray;
import mmcorej.org.json.JSONException;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The plugin and the script behave as the transcripts of test/contract say. */
class TranscriptTest {
  private static final Path CONTRACT = Agent.root().resolve("test/contract");
  private static final double SAME_UM = 0.05;
  /** Long for a scripted agent, short for one that does not answer. */
  private static final String DEADLINE_MS = "1000";

  private final FakeStudio studio = new FakeStudio();
  private final List<JSONObject> heard = new ArrayList<>();
  private JSONObject transcript;

  static List<String> ofThePlugin() throws Exception {
    return namesOf("plugin");
  }

  static List<String> ofTheScript() throws Exception {
    return namesOf("script");
  }

  /** The transcripts that a controller takes part in. */
  private static List<String> namesOf(String controller) throws Exception {
    JSONObject beyond = new JSONObject(Files.readString(CONTRACT.resolve("controllers.json"))).getJSONObject(controller);
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(CONTRACT.resolve("transcripts"))) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (strings(read(name).getJSONArray("needs")).stream().noneMatch(beyond::has)) {
          names.add(name);
        }
      }
    }
    assertTrue(names.size() > 20);
    return names;
  }

  private static JSONObject read(String name) throws Exception {
    return new JSONObject(Files.readString(CONTRACT.resolve("transcripts").resolve(name)));
  }

  private static List<String> strings(JSONArray array) throws JSONException {
    List<String> strings = new ArrayList<>();
    for (int i = 0; i < array.length(); i++) {
      strings.add(array.getString(i));
    }
    return strings;
  }

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
  }

  @ParameterizedTest
  @MethodSource("ofThePlugin")
  void thePlugin(String name) throws Exception {
    begin(name);
    JSONArray limits = given().getJSONArray("limitsUm");
    try (FakeAgent agent = new FakeAgent(this::answers)) {
      ParfocalAutofocus autofocus = new ParfocalAutofocus();
      autofocus.setContext(studio);
      Settings settings = FakeStudio.settings(agent.address).with(Setting.DEADLINE, DEADLINE_MS)
          .with(Setting.Z_LOW, limits.getString(0)).with(Setting.Z_HIGH, limits.getString(1))
          .with(Setting.MAX_STEP, given().optString("longestMoveUm", ""));
      Parfocal.of(studio).use(settings);
      Eventually.holds(() -> Parfocal.of(studio).client().isConnected(), "connected");
      studio.acquisitions.isRunning = true;
      autofocus.fullFocus();
      Parfocal.of(studio).disconnect();
      Eventually.holds(() -> !agent.messages("bye").isEmpty(), "bye");
      check(agent);
    }
  }

  @ParameterizedTest
  @MethodSource("ofTheScript")
  void theScript(String name) throws Exception {
    begin(name);
    JSONArray limits = given().getJSONArray("limitsUm");
    try (FakeAgent agent = new FakeAgent(this::answers)) {
      Interpreter shell = new Interpreter();
      String script = Files.readString(Path.of("../parfocal.bsh"));
      script = set(set(script, "address", "\"" + agent.address + "\""), "deadlineMs", DEADLINE_MS);
      script = set(set(script, "zLow", limits.getString(0)), "zHigh", limits.getString(1));
      shell.set("mm", studio);
      shell.set("mmc", studio.core);
      shell.eval(set(script, "maxStep", given().optString("longestMoveUm", "1e9")));
      studio.acquisitions.runnables.get(0).run();
      shell.eval("parfocalStop();");
      Eventually.holds(() -> !agent.messages("bye").isEmpty(), "bye");
      check(agent);
    }
  }

  private static String set(String script, String name, String value) {
    return script.replaceFirst("(?m)^" + name + " = [^;]*;", name + " = " + value + ";");
  }

  private JSONObject given() throws JSONException {
    return transcript.getJSONObject("given");
  }

  private List<JSONObject> steps(String kind) throws JSONException {
    List<JSONObject> steps = new ArrayList<>();
    JSONArray conversation = transcript.getJSONArray("conversation");
    for (int i = 0; i < conversation.length(); i++) {
      if (conversation.getJSONObject(i).has(kind)) {
        steps.add(conversation.getJSONObject(i));
      }
    }
    return steps;
  }

  private void begin(String name) throws Exception {
    transcript = read(name);
    studio.core.zUm = given().getDouble("zUm");
    studio.core.driveEndUm = given().optDouble("driveEndsUm", Double.POSITIVE_INFINITY);
    studio.core.isReversed = given().optString("driveReports").equals("opposite");
    JSONObject autofocus = given().optJSONObject("autofocus");
    if (autofocus != null) {
      studio.core.autofocusTo(autofocus.optDouble("endsUm", Double.NaN));
    }
    if (given().optString("lock").equals("engaged")) {
      studio.core.engageLock();
    }
    List<JSONObject> missing = steps("noFrame");
    int[] attempt = {0};
    studio.core.beforeSnap = () -> {
      int now = attempt[0]++;
      studio.core.isCameraBroken = missing.stream().anyMatch(step -> now == step.optJSONObject("noFrame").optInt("attempt"));
    };
  }

  private List<String> answers(JSONObject message) {
    try {
      if ("hello".equals(message.optString("type"))) {
        return List.of(Files.readString(CONTRACT.resolve("welcome.json")));
      }
      if (!"frame".equals(message.optString("type"))) {
        return List.of();
      }
      List<JSONObject> frames = steps("frame");
      JSONObject answer = heard.size() < frames.size() ? frames.get(heard.size()).optJSONObject("answer") : null;
      heard.add(message);
      return answer == null ? List.of() : List.of(over(answer, message).toString());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static JSONObject over(JSONObject answer, JSONObject frame) throws Exception {
    JSONObject head = new JSONObject().put("v", 1).put("id", frame.getString("id")).put("session", "s");
    if (answer.has("drop")) {
      return head.put("type", "drop").put("why", answer.getString("drop"));
    }
    if (answer.has("error")) {
      return head.put("type", "error").put("code", answer.getString("error")).put("message", "on purpose");
    }
    JSONObject verdict = new JSONObject(Files.readString(CONTRACT.resolve("verdict-accept.json")));
    for (Iterator<?> keys = answer.keys(); keys.hasNext(); ) {
      String key = (String) keys.next();
      verdict.put(key, answer.get(key));
    }
    return verdict.put("id", frame.getString("id"));
  }

  private void check(FakeAgent agent) throws Exception {
    String says = transcript.getString("says");
    List<JSONObject> frames = steps("frame");
    assertEquals(frames.size(), heard.size(), says + " " + studio.lines);
    for (int i = 0; i < heard.size(); i++) {
      JSONObject expected = frames.get(i).getJSONObject("frame");
      assertEquals(expected.getInt("attempt"), heard.get(i).getInt("attempt"), says);
      assertEquals(expected.getDouble("zUm"), heard.get(i).getDouble("zUm"), SAME_UM, says);
    }
    JSONObject end = transcript.getJSONObject("end");
    JSONArray visited = end.optJSONArray("visitedUm");
    if (visited != null) {
      assertEquals(visited.length(), studio.core.moves.size() + 1, says + " " + studio.core.moves);
      for (int i = 1; i < visited.length(); i++) {
        assertEquals(visited.getDouble(i), studio.core.moves.get(i - 1), SAME_UM, says);
      }
    }
    double endUm = visited == null ? end.getDouble("zUm") : visited.getDouble(visited.length() - 1);
    assertEquals(endUm, studio.core.zUm, SAME_UM, says);
    List<String> why = agent.messages("abandon").stream().map(message -> message.optString("why")).toList();
    assertEquals(end.isNull("abandon") ? List.of() : List.of(end.getString("abandon")), why, says);
    for (JSONObject said : agent.messages("abandon")) {
      String frameId = why.contains("unscored") ? heard.get(heard.size() - 1).getString("id") : "";
      assertEquals(frameId, said.optString("frameId"), says);
    }
  }
}
