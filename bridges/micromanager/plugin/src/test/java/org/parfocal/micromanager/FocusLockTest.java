package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** A hardware focus lock, against the real agent. Nothing ever drives against one that is on. */
class FocusLockTest extends RealAgentTest {
  private final FakeStudio studio = new FakeStudio();
  private final ParfocalAutofocus autofocus = new ParfocalAutofocus();
  private String site;

  @BeforeEach
  void engageLock(TestInfo test) {
    site = test.getTestMethod().get().getName();
    studio.addPosition(site, 0, 0);
    studio.core.engageLock();
    studio.core.zUm = 8;
    autofocus.setContext(studio);
  }

  @AfterEach
  void neverAgainstTheLock() {
    assertEquals(List.of(), studio.core.movesAgainstLock);
    Parfocal.of(studio).close();
  }

  private void use(String handling, String... more) throws Exception {
    Settings settings = FakeStudio.settings(agent.address()).with(Setting.LOCK, handling)
        .with(Setting.LOCK_TIMEOUT, "200");
    for (int i = 0; i < more.length; i += 2) {
      settings = settings.with(Setting.ofLabel(more[i]), more[i + 1]);
    }
    Parfocal.of(studio).use(settings);
    assertTrue(Parfocal.of(studio).client().awaitAgent(Agent.START_MS));
  }

  private JSONObject lockOf(int frame) throws Exception {
    List<JSONObject> verdicts = agent.records("verdict", site, frame + 1);
    return verdicts.get(frame).getJSONObject("frame").getJSONObject("focusLock");
  }

  @Test
  void withoutAWayToMoveTheLockIsLeftAlone() throws Exception {
    use("none");
    assertEquals(8, autofocus.fullFocus());
    assertEquals(List.of(), studio.core.moves);
    assertTrue(studio.core.isLockOn);
    assertEquals("PFS engaged none", words(lockOf(0)));
  }

  @Test
  void movesByTheOffsetOfTheLock() throws Exception {
    use("offset", "Um per offset unit", "0.1", "Lowest offset (um)", "-40", "Highest offset (um)", "40");
    autofocus.fullFocus();
    assertEquals(List.of(), studio.core.moves);
    assertTrue(Math.abs(studio.core.defocusUm()) < SHARP_UM, "at " + studio.core.defocusUm());
    assertEquals("PFS engaged offset", words(lockOf(0)));
    JSONObject frame = agent.records("verdict", site, 1).get(0).getJSONObject("frame");
    assertEquals(0, frame.getDouble("zUm"));
    assertEquals(-40, Agent.numbers(frame.getJSONArray("zLimitsUm"))[0]);
  }

  @Test
  void anOffsetWithoutScaleOrLimitsMovesNothing() throws Exception {
    use("offset", "Um per offset unit", "0.1");
    autofocus.fullFocus();
    assertEquals(0, studio.core.offset);
    assertEquals("PFS engaged none", words(lockOf(0)));
  }

  @Test
  void pausesTheLockForEachMoveAndSwitchesItOnAgain() throws Exception {
    use("pause");
    autofocus.fullFocus();
    assertTrue(studio.core.isLockOn);
    assertTrue(Math.abs(studio.core.zUm) < SHARP_UM, "at " + studio.core.zUm);
    assertEquals("PFS engaged pause", words(lockOf(0)));
  }

  @Test
  void aLockThatDoesNotComeBackIsReportedAndLeftOn() throws Exception {
    use("pause");
    studio.core.isLockComingBack = false;
    DriveException failure = assertThrows(DriveException.class, autofocus::fullFocus);
    assertEquals(AbandonReason.LOCK, failure.why);
    assertTrue(failure.getMessage().contains("does not hold again"), failure.getMessage());
    assertTrue(studio.core.isLockOn);
    assertEquals(8, studio.core.zUm);
    assertTrue(studio.logged("does not hold again"), studio.lines.toString());
  }

  @Test
  void aLockThatTakesTheDriveBackIsReported() throws Exception {
    use("pause");
    studio.core.lockPullsToUm = 8.0;
    DriveException failure = assertThrows(DriveException.class, autofocus::fullFocus);
    assertTrue(failure.getMessage().contains("took the drive"), failure.getMessage());
    assertEquals(8, studio.core.zUm);
  }

  @Test
  void aLockThatDoesNotHoldIsSaidToBeLostAndNothingMoves() throws Exception {
    use("pause");
    studio.core.isLockHolding = false;
    assertEquals(8, autofocus.fullFocus());
    assertEquals(List.of(), studio.core.moves);
    assertEquals("PFS lost pause", words(lockOf(0)));
  }

  @Test
  void aLockThatIsOffIsSaidToBeOffAndTheDriveMoves() throws Exception {
    use("none");
    studio.core.isLockOn = false;
    autofocus.fullFocus();
    assertTrue(Math.abs(studio.core.zUm) < SHARP_UM, "at " + studio.core.zUm);
    assertEquals("PFS off none", words(lockOf(0)));
  }

  private static String words(JSONObject lock) throws Exception {
    return lock.getString("device") + " " + lock.getString("state") + " " + lock.getString("moves");
  }
}
