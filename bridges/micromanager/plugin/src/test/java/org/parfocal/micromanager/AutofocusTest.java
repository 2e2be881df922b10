package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.process.ShortProcessor;
import java.nio.file.Path;
import java.util.List;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The autofocus method against the real agent, with a microscope that sees beads. */
class AutofocusTest extends RealAgentTest {
  private final FakeStudio studio = new FakeStudio();
  private final ParfocalAutofocus autofocus = new ParfocalAutofocus();

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
  }

  private void use(Settings settings) {
    autofocus.setContext(studio);
    Parfocal.of(studio).use(settings);
    autofocus.initialize();
    assertTrue(Parfocal.of(studio).client().awaitAgent(Agent.START_MS));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-10, -6, 6, 10})
  void findsFocusFrom(double startUm) throws Exception {
    String site = "B3-Site_" + Math.round(startUm + 10);
    studio.addPosition(site, 1000, 2000);
    studio.core.xUm = 1000.4;
    studio.core.yUm = 1999.7;
    studio.core.zUm = startUm;
    use(FakeStudio.settings(agent.address()));

    double endUm = autofocus.fullFocus();

    assertEquals(studio.core.zUm, endUm);
    assertTrue(Math.abs(endUm) < SHARP_UM, "ended at " + endUm + " um: " + studio.lines);
    assertEquals(studio.core.snaps, autofocus.getNumberOfImages());
    assertTrue(autofocus.getVerboseStatus().contains("accept"), autofocus.getVerboseStatus());

    JSONObject outcome = agent.records("outcome", site, 1).get(0);
    assertEquals("yes", outcome.getString("recovered"));
    List<JSONObject> verdicts = agent.records("verdict", site, studio.core.snaps);
    JSONObject last = verdicts.get(verdicts.size() - 1).getJSONObject("frame");
    assertEquals("gate", last.getString("mode"));
    assertEquals(studio.core.snaps - 1, last.getInt("attempt"));
    assertEquals("DAPI", last.getString("channel"));
    assertEquals("measured", last.getString("zSource"));
    JSONObject kept = verdicts.get(outcome.getInt("keepAttempt")).getJSONObject("frame");
    assertEquals(endUm, kept.getDouble("zUm"), 0.01);
    assertEquals("B3", last.getJSONObject("site").getString("well"));
    assertEquals(Beads.NA, last.getJSONObject("optics").getDouble("na"));
    assertEquals(0, Parfocal.of(studio).client().counters().errors);
  }

  @Test
  void leavesASharpSiteAlone() throws Exception {
    use(FakeStudio.settings(agent.address()));
    assertEquals(0, autofocus.fullFocus());
    assertEquals(1, studio.core.snaps);
    assertEquals(List.of(), studio.core.moves);
  }

  @Test
  void neverLeavesTheLimitsAndSaysThatItGaveUp() throws Exception {
    studio.core.zUm = 8;
    studio.core.xUm = 5000;
    use(FakeStudio.settings(agent.address()).with(Setting.Z_LOW, "4").with(Setting.Z_HIGH, "10"));
    autofocus.fullFocus();
    assertTrue(studio.core.moves.stream().allMatch(z -> z >= 4 && z <= 10), studio.core.moves.toString());
    assertTrue(Parfocal.of(studio).client().counters().scored > 0);
  }

  @Test
  void refusesAStepThatIsTooLongAndGoesOn() throws Exception {
    studio.core.zUm = 10;
    studio.core.xUm = 6000;
    use(FakeStudio.settings(agent.address()).with(Setting.MAX_STEP, "0.5"));
    assertEquals(10, autofocus.fullFocus());
    assertEquals(List.of(), studio.core.moves);
    assertTrue(autofocus.getVerboseStatus().contains("longer than the longest step"), autofocus.getVerboseStatus());
  }

  @Test
  void inADryRunJudgesAndMovesNothing() throws Exception {
    studio.core.zUm = 10;
    studio.addPosition("dry", 7000, 0);
    studio.core.xUm = 7000;
    use(FakeStudio.settings(agent.address()).with(Setting.DRY_RUN, "yes"));
    assertEquals(10, autofocus.fullFocus());
    assertEquals(List.of(), studio.core.moves);
    JSONObject verdict = agent.records("verdict", "dry", 1).get(0);
    assertEquals("observe", verdict.getJSONObject("frame").getString("mode"));
    assertTrue(studio.logged("dry: level"), studio.lines.toString());
    assertTrue(studio.logged("dry run, nothing is moved"), studio.lines.toString());
  }

  @Test
  void withoutLimitsOnlyWatchesAndSaysSo() throws Exception {
    studio.core.zUm = 10;
    use(FakeStudio.settings(agent.address()).with(Setting.Z_HIGH, ""));
    assertEquals(10, autofocus.fullFocus());
    assertEquals(List.of(), studio.core.moves);
    assertTrue(studio.logged("no z limits are set"), studio.lines.toString());
    assertNotNull(autofocus.getVerboseStatus());
  }

  @Test
  void anIncrementalFocusMakesOneStep() throws Exception {
    studio.core.zUm = 10;
    studio.core.xUm = 8000;
    use(FakeStudio.settings(agent.address()));
    autofocus.incrementalFocus();
    assertEquals(1, studio.core.snaps);
    assertEquals(1, studio.core.moves.size());
  }

  @Test
  void scoresAnImageHigherTheSharperItIs() throws Exception {
    use(FakeStudio.settings(agent.address()));
    double sharp = autofocus.getCurrentFocusScore();
    studio.core.zUm = 10;
    double blurred = autofocus.getCurrentFocusScore();
    assertTrue(sharp > 8.5 && sharp <= 10, "sharp: " + sharp);
    assertTrue(blurred < sharp - 2, "blurred: " + blurred);
    short[] image = studio.core.beads.image(0, 0, 0);
    double given = autofocus.computeScore(new ShortProcessor(Beads.SIDE_PX, Beads.SIDE_PX, image, null));
    assertEquals(sharp, given, 1);
    assertEquals(List.of(), studio.core.moves);
  }

  @Test
  void aCameraThatFailsIsToldByAnExceptionButNeverInAnAcquisition() throws Exception {
    use(FakeStudio.settings(agent.address()));
    studio.core.isCameraBroken = true;
    assertEquals("the camera is off", assertThrows(Exception.class, autofocus::fullFocus).getMessage());
    studio.acquisitions.isRunning = true;
    assertEquals(0, autofocus.fullFocus());
    assertTrue(studio.logged("the camera is off"));
  }

  @Test
  void aDriveThatFailsEndsTheSearchAtTheBestZKnown() throws Exception {
    studio.core.zUm = -10;
    studio.core.xUm = 9000;
    studio.core.driveEndUm = -9;
    studio.acquisitions.isRunning = true;
    use(FakeStudio.settings(agent.address()));
    autofocus.fullFocus();
    assertTrue(studio.core.zUm <= -9, "z " + studio.core.zUm);
    assertTrue(autofocus.getVerboseStatus().contains("the drive is at its end"), autofocus.getVerboseStatus());
  }

  @Test
  void usesTheMicroscopesOwnAutofocusWhereTheAgentAsksForIt(@TempDir Path folder) throws Exception {
    try (Agent other = Agent.start(folder, "--set", "policy.retryWith=autofocus")) {
      studio.core.zUm = 10;
      studio.core.autofocusTo(0.2);
      use(FakeStudio.settings(other.address()));
      assertEquals(0.2, autofocus.fullFocus());
      assertTrue(autofocus.getVerboseStatus().contains("accept"), autofocus.getVerboseStatus());
      studio.core.zUm = 10;
      studio.core.autofocusTo(200);
      assertThrows(DriveException.class, autofocus::fullFocus);
      assertEquals(10, studio.core.zUm);
    }
  }
}
