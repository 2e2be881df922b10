package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import bsh.Interpreter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script, run by the BeanShell that Micro-Manager ships, against the real agent. */
class ScriptTest extends RealAgentTest {
  private final FakeStudio studio = new FakeStudio();
  private final Interpreter shell = new Interpreter();
  private final ExecutorService engine = Executors.newSingleThreadExecutor();
  private boolean isRunning;

  /** Runs the script with these settings in place of its own, "name = value". */
  private void run(String address, String... settings) throws Exception {
    String script = Files.readString(Path.of("../parfocal.bsh"));
    script = set(script, "address", "\"" + address + "\"");
    script = set(set(script, "zLow", "-50"), "zHigh", "50");
    script = set(set(script, "objectiveNa", Double.toString(Beads.NA)), "deadlineMs", "10000");
    for (String setting : settings) {
      script = set(script, setting.split(" = ")[0], setting.split(" = ")[1]);
    }
    shell.set("mm", studio);
    shell.set("mmc", studio.core);
    shell.eval(script);
    isRunning = true;
  }

  private static String set(String script, String name, String value) {
    String changed = script.replaceFirst("(?m)^" + name + " = [^;]*;", name + " = " + value + ";");
    assertTrue(!changed.equals(script) || script.contains(name + " = " + value + ";"), name);
    return changed;
  }

  /** What the engine does at each image, in a thread of its own. */
  private void image() {
    assertEquals(List.of(List.of(-1, -1, -1, 0)), studio.acquisitions.places);
    CompletableFuture.runAsync(studio.acquisitions.runnables.get(0), engine).join();
  }

  @AfterEach
  void stop() throws Exception {
    engine.shutdown();
    if (isRunning) {
      shell.eval("parfocalStop();");
      assertEquals(List.of(), studio.acquisitions.runnables);
    }
    assertEquals(List.of(), studio.core.movesAgainstLock);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-10, -6, 6, 10})
  void findsFocusBeforeTheImageIsTaken(double startUm) throws Exception {
    String site = "Pos" + startUm;
    studio.addPosition(site, 100, 200);
    studio.core.xUm = 101;
    studio.core.yUm = 200;
    studio.core.zUm = startUm;
    run(agent.address());
    assertTrue(studio.logged("agent 0."), studio.lines.toString());
    image();
    assertTrue(Math.abs(studio.core.zUm) < SHARP_UM, studio.core.zUm + ": " + studio.lines);
    JSONObject outcome = agent.records("outcome", site, 1).get(0);
    assertEquals("yes", outcome.getString("recovered"));
    assertEquals("DAPI", outcome.getString("channel"));
    assertEquals(List.of(), agent.records("error"));
  }

  @Test
  void isOnlyForTheFocusChannel() throws Exception {
    run(agent.address(), "focusChannel = \"GFP\"");
    image();
    assertEquals(0, studio.core.snaps);
  }

  @Test
  void inADryRunAndWithoutLimitsNothingMoves() throws Exception {
    studio.core.zUm = 10;
    studio.core.xUm = 777;
    run(agent.address(), "dryRun = true");
    image();
    run(agent.address(), "zLow = Double.NaN");
    image();
    assertEquals(2, studio.core.snaps);
    assertEquals(List.of(), studio.core.moves);
    assertTrue(studio.logged("no z limits are set"), studio.lines.toString());
    for (JSONObject verdict : agent.records("verdict", "x777_y0", 2)) {
      assertEquals("observe", verdict.getJSONObject("frame").getString("mode"));
    }
  }

  @Test
  void waitsUntilTheStageStandsBeforeItLooks() throws Exception {
    studio.core.stageTargetUm = new double[] {888, 0};
    run(agent.address(), "dryRun = true");
    image();
    assertTrue(!studio.core.isBlurredByMotion);
    agent.records("verdict", "x888_y0", 1);
  }

  @Test
  void neverMovesAgainstAFocusLock() throws Exception {
    studio.core.zUm = 10;
    studio.core.engageLock();
    run(agent.address());
    image();
    assertEquals(List.of(), studio.core.moves);
  }

  @Test
  void refusesWhatLeavesTheLimitsAndGoesBack() throws Exception {
    List<String> actions = new ArrayList<>(
        List.of("{\"kind\":\"move-z\",\"byUm\":4,\"viaUm\":-3}", "{\"kind\":\"move-z\",\"byUm\":47}"));
    Function<JSONObject, List<String>> answers = message -> "frame".equals(message.optString("type"))
        ? List.of(FakeAgent.verdict(message, actions.remove(0), 0))
        : List.of();
    try (FakeAgent agent = new FakeAgent(answers)) {
      studio.core.xUm = 20;
      run(agent.address);
      image();
      assertEquals(List.of(-3.0, 4.0, 0.0), studio.core.moves);
      Eventually.holds(() -> agent.messages("abandon").size() == 1, "abandon");
      assertEquals("limits", agent.messages("abandon").get(0).optString("why"));
      assertEquals(20, agent.messages("abandon").get(0).optDouble("xUm"), "two positions may have one name");
      assertEquals(0, agent.messages("abandon").get(0).optDouble("yUm"));
    }
  }

  @Test
  void anAgentThatIsKilledIsMissedAndUsedAgainOnceItIsBack(@TempDir Path folder) throws Exception {
    try (Agent mortal = Agent.start(folder)) {
      run(mortal.address(), "deadlineMs = 2000");
      studio.core.zUm = 6;
      image();
      assertTrue(Math.abs(studio.core.zUm) < SHARP_UM, studio.core.zUm + ": " + studio.lines);
      mortal.kill();
      assertTimeout(Duration.ofSeconds(20), () -> {
        for (int i = 0; i < 20; i++) {
          studio.core.zUm = 6;
          image();
          assertEquals(6, studio.core.zUm);
        }
      });
      assertTrue(studio.logged("go on unscored"), studio.lines.toString());
      mortal.start();
      Eventually.holds(() -> {
        image();
        return studio.logged("script: the agent is back");
      }, "the agent is back");
      studio.core.zUm = 6;
      image();
      assertTrue(Math.abs(studio.core.zUm) < SHARP_UM, studio.core.zUm + ": " + studio.lines);
    }
  }

  @Test
  void nothingThatFailsReachesTheEngine() throws Exception {
    run(agent.address());
    studio.core.isCameraBroken = true;
    assertDoesNotThrow(this::image);
    assertTrue(studio.logged("the camera is off"), studio.lines.toString());
    studio.core.isCameraBroken = false;
    studio.core.zUm = 10;
    studio.core.driveEndUm = -40;
    assertDoesNotThrow(this::image);
    // Not even what is no exception, and what the script itself gets wrong.
    studio.core.beforeSnap = () -> {
      throw new LinkageError("no library");
    };
    assertDoesNotThrow(this::image);
    shell.eval("search(channel) { return thereIsNoSuchMethod(); }");
    assertDoesNotThrow(this::image);
    assertTrue(studio.logged("not focused"), studio.lines.toString());
  }

  @Test
  void runsAgainAfterItWasEnded() throws Exception {
    run(agent.address(), "dryRun = true");
    shell.eval("parfocalStop();");
    shell.eval("parfocalStop();");
    studio.core.xUm = 555;
    run(agent.address(), "dryRun = true");
    image();
    agent.records("verdict", "x555_y0", 1);
  }

  @Test
  void aPositionWithoutALabelIsNamedByWhereItIs() throws Exception {
    studio.addPosition("", 333, 0);
    studio.addPosition(null, 333, 0);
    studio.core.xUm = 333;
    run(agent.address(), "dryRun = true");
    image();
    agent.records("verdict", "x333_y0", 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"colours", "floats", "too small"})
  void saysWhyAnImageCannotBeJudged(String kind) throws Exception {
    studio.core.xUm = kind.length();
    studio.core.otherPixels = switch (kind) {
      case "colours" -> new byte[4 * Beads.SIDE_PX * Beads.SIDE_PX];
      case "floats" -> new float[Beads.SIDE_PX * Beads.SIDE_PX];
      default -> new short[0];
    };
    run(agent.address());
    image();
    assertTrue(studio.logged("only grey images of 8 or 16 bits"), studio.lines.toString());
    assertEquals(1, agent.records("abandon", "x" + kind.length() + "_y0", 1).size());
    assertEquals("no-frame", agent.records("abandon", "x" + kind.length() + "_y0", 1).get(0).getString("why"));
  }

  @Test
  void saysWhatTheAgentRefuses() throws Exception {
    Function<JSONObject, List<String>> answers = message -> "frame".equals(message.optString("type"))
        ? List.of("{\"v\":1,\"type\":\"error\",\"code\":\"unscorable\",\"message\":\"too small\",\"id\":"
            + JSONObject.quote(message.optString("id")) + "}")
        : List.of();
    try (FakeAgent agent = new FakeAgent(answers)) {
      run(agent.address);
      image();
      assertTrue(studio.logged("unscorable: too small"), studio.lines.toString());
    }
  }

  @Test
  void tellsTheAgentAlthoughTheWayBackFails() throws Exception {
    List<String> answers = new ArrayList<>(List.of("{\"kind\":\"move-z\",\"byUm\":4}"));
    try (FakeAgent agent = new FakeAgent(message -> "frame".equals(message.optString("type")) && !answers.isEmpty()
        ? List.of(FakeAgent.verdict(message, answers.remove(0), 0))
        : List.of())) {
      run(agent.address, "deadlineMs = 200");
      studio.core.beforeSnap = () -> {
        if (studio.core.zUm > 0) {
          studio.core.engageLock();
        }
      };
      image();
      Eventually.holds(() -> agent.messages("abandon").size() == 1, "abandon: " + studio.lines);
      assertTrue(studio.logged("focus lock is on"), studio.lines.toString());
    }
  }

  @Test
  void isReplacedInMidSearchWithoutASecondThreadAtItsSocket() throws Exception {
    studio.core.xUm = 666;
    CountDownLatch isAsked = new CountDownLatch(1);
    try (FakeAgent agent = new FakeAgent(message -> {
      if (!"frame".equals(message.optString("type"))) {
        return List.of();
      }
      isAsked.countDown();
      return pause(List.of(FakeAgent.verdict(message, "{\"kind\":\"move-z\",\"byUm\":1}", 0)));
    })) {
      run(agent.address);
      CompletableFuture<Void> search = CompletableFuture.runAsync(studio.acquisitions.runnables.get(0), engine);
      isAsked.await();
      run(agent.address);
      search.join();
      Eventually.holds(() -> agent.messages("abandon").size() == 1, "abandon: " + studio.lines);
      JSONObject abandon = agent.messages("abandon").get(0);
      assertEquals("cancelled", abandon.getString("why"));
      assertEquals(agent.messages("bye").get(0).getString("session"), abandon.getString("session"));
      assertEquals(0, studio.core.zUm);
    }
  }

  /** What the agent says after half a second. */
  private static List<String> pause(List<String> answers) {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return answers;
  }
}
