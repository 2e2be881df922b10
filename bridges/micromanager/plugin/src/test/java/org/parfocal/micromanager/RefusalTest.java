package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the bridge does when an agent asks for what it must not have, and what it tells the agent then. */
class RefusalTest {
  private final FakeStudio studio = new FakeStudio();
  private final ParfocalAutofocus autofocus = new ParfocalAutofocus();
  private final List<String> actions = new ArrayList<>();
  private int keepAttempt;

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
  }

  /** Runs one search with an agent that asks for these actions, one after the other, and then ends the search. */
  private List<JSONObject> search(Function<Settings, Settings> change, String... asked) throws Exception {
    actions.addAll(List.of(asked));
    Function<JSONObject, List<String>> answers = message -> {
      if (!"frame".equals(message.optString("type"))) {
        return List.of();
      }
      String action = actions.isEmpty() ? null : actions.remove(0);
      return List.of(FakeAgent.verdict(message, action, keepAttempt));
    };
    try (FakeAgent agent = new FakeAgent(answers)) {
      autofocus.setContext(studio);
      Settings settings = FakeStudio.settings(agent.address).with(Setting.DEADLINE, "30000");
      Parfocal.of(studio).use(change.apply(settings));
      studio.acquisitions.isRunning = true;
      autofocus.initialize();
      Eventually.holds(() -> !agent.messages("hello").isEmpty(), "connected");
      autofocus.fullFocus();
      // What was said last leaves before bye.
      Parfocal.of(studio).disconnect();
      Eventually.holds(() -> !agent.messages("bye").isEmpty(), "bye");
      return agent.messages("abandon");
    }
  }

  private static Settings with(Settings settings, Setting setting, String text) {
    try {
      return settings.with(setting, text);
    } catch (SettingException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertAbandoned(String why, List<JSONObject> abandons) {
    assertEquals(1, abandons.size(), abandons.toString());
    assertEquals(why, abandons.get(0).optString("why"));
    assertEquals("DAPI", abandons.get(0).optString("channel"));
    // Two positions may have one name.
    assertEquals(0, abandons.get(0).optDouble("xUm"));
    assertEquals(0, abandons.get(0).optDouble("yUm"));
    assertTrue(!abandons.get(0).optString("reason").isEmpty());
  }

  @Test
  void aMoveOutsideTheLimitsIsRefusedNotClippedAndEndsTheSite() throws Exception {
    List<JSONObject> abandons = search(settings -> settings, "{kind:move-z,byUm:50.1}");
    assertEquals(List.of(), studio.core.moves);
    assertEquals(1, studio.core.snaps);
    assertAbandoned("limits", abandons);
  }

  @Test
  void aRefusalGoesBackToTheBestZ() throws Exception {
    List<JSONObject> abandons = search(settings -> settings, "{kind:move-z,byUm:20}", "{kind:move-z,byUm:-80}");
    assertEquals(List.of(20.0, 0.0), studio.core.moves);
    assertAbandoned("limits", abandons);
  }

  @Test
  void aStageThatDoesNotArriveEndsTheSiteBeforeAnImage() throws Exception {
    studio.core.isStageStuck = true;
    studio.addPosition("B3-Site_1", 0, 0);
    List<JSONObject> abandons = search(settings -> settings);
    assertEquals(0, studio.core.snaps);
    assertAbandoned("no-frame", abandons);
    assertEquals("B3-Site_1", abandons.get(0).getJSONObject("site").getString("name"));
    assertTrue(abandons.get(0).getString("reason").contains("timed out"), abandons.toString());
    assertTrue(studio.logged("B3-Site_1: no verdict after 0 images"), studio.lines.toString());
  }

  @Test
  void anImageWithoutMemoryForItDoesNotReachTheEngineAndGoesBack() throws Exception {
    studio.core.beforeSnap = () -> {
      if (studio.core.snaps > 0) {
        throw new OutOfMemoryError("Java heap space");
      }
    };
    List<JSONObject> abandons = search(settings -> settings, "{kind:move-z,byUm:20}");
    assertEquals(List.of(20.0, 0.0), studio.core.moves);
    assertAbandoned("no-frame", abandons);
    assertTrue(abandons.get(0).getString("reason").contains("Java heap space"), abandons.toString());
    assertTrue(studio.logged("Java heap space"), studio.lines.toString());
  }

  @Test
  void aMicroManagerWithoutAMethodDoesNotFailTheEngine() throws Exception {
    studio.core.beforeDescription = () -> {
      throw new UnsatisfiedLinkError("getPixelSizeUm");
    };
    assertAbandoned("no-frame", search(settings -> settings));
  }

  @Test
  void aStopOnTheWayIsVisitedFirst() throws Exception {
    assertEquals(List.of(), search(settings -> settings, "{kind:move-z,byUm:-4,viaUm:-9}"));
    assertEquals(List.of(-9.0, -4.0), studio.core.moves);
  }

  @Test
  void aStopOnTheWayThatLiesOutsideIsLeftOut() throws Exception {
    keepAttempt = 1;
    assertEquals(List.of(), search(settings -> settings, "{kind:move-z,byUm:-46,viaUm:-51}"));
    assertEquals(List.of(-46.0), studio.core.moves);
  }

  @Test
  void theWayBackToWhereTheSiteWasImagedMayBeLong() throws Exception {
    List<JSONObject> abandons = search(settings -> with(settings, Setting.MAX_STEP, "10"),
        "{kind:move-z,byUm:8}", "{kind:move-z,byUm:8}", "{kind:move-z,byUm:-16}");
    assertEquals(List.of(), abandons);
    assertEquals(List.of(8.0, 16.0, 0.0), studio.core.moves);
  }

  @Test
  void anAgentThatNeverStopsIsStopped() throws Exception {
    String[] endless = new String[20];
    Arrays.fill(endless, "{kind:reacquire}");
    assertAbandoned("other", search(settings -> settings, endless));
    assertEquals(RefocusLoop.MAX_FRAMES, studio.core.snaps);
  }

  @Test
  void anActionThatIsNotKnownEndsTheSite() throws Exception {
    assertAbandoned("other", search(settings -> settings, "{kind:dance}"));
    assertEquals(1, studio.core.snaps);
  }

  @Test
  void anAutofocusThatTheMicroscopeDoesNotHaveEndsTheSite() throws Exception {
    assertAbandoned("autofocus", search(settings -> settings, "{kind:autofocus}"));
  }

  @Test
  void aDriveThatRefusesEndsTheSite() throws Exception {
    studio.core.driveEndUm = 3;
    assertAbandoned("drive", search(settings -> settings, "{kind:move-z,byUm:2}", "{kind:move-z,byUm:2}"));
    assertEquals(List.of(2.0, 0.0), studio.core.moves);
  }

  @Test
  void aLockThatIsSwitchedOnInMidSearchStopsTheDrive() throws Exception {
    studio.core.lockDevice = "PFS";
    studio.core.beforeSnap = () -> studio.core.isLockOn = studio.core.snaps == 1;
    assertAbandoned("lock", search(settings -> settings, "{kind:move-z,byUm:2}", "{kind:move-z,byUm:2}"));
    assertEquals(List.of(), studio.core.movesAgainstLock);
    assertEquals(List.of(2.0), studio.core.moves);
  }

  @Test
  void aSearchWaitsUntilTheStageStandsBeforeItLooks() throws Exception {
    studio.core.stageTargetUm = new double[] {888, 0};
    List<JSONObject> abandons = search(settings -> settings, "{kind:dance}");
    assertTrue(!studio.core.isBlurredByMotion);
    assertEquals("x888_y0", abandons.get(0).getJSONObject("site").getString("name"));
  }

  @Test
  void aSiteThatEndsInOrderIsNotAbandoned() throws Exception {
    keepAttempt = 1;
    assertEquals(List.of(), search(settings -> settings, "{kind:move-z,byUm:2}"));
    assertEquals(2, studio.core.zUm);
  }
}
