package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The time points that frames of the autofocus carry, as Micro-Manager focuses and records a time-lapse. */
class TimePointsTest {
  private final FakeStudio studio = new FakeStudio();
  private final ParfocalAutofocus autofocus = new ParfocalAutofocus();
  private final FakeStore store = new FakeStore("time-lapse");
  private FakeAgent agent;

  @BeforeEach
  void connect() throws Exception {
    agent = new FakeAgent(this::answers);
    new WatchPlugin().setContext(studio);
    autofocus.setContext(studio);
    Parfocal.of(studio).use(FakeStudio.settings(agent.address));
    Eventually.holds(() -> Parfocal.of(studio).client().isConnected(), "connected");
  }

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
    agent.close();
  }

  private List<String> answers(JSONObject message) {
    return switch (message.optString("type")) {
      case "hello" -> List.of("{\"v\":1,\"type\":\"heartbeat\",\"timestampMs\":0}");
      case "frame" -> List.of(FakeAgent.verdict(message, message.optInt("attempt") == 0 ? "{\"kind\":\"reacquire\"}" : null, 0));
      default -> List.of();
    };
  }

  private void begins() {
    studio.acquisitions.isRunning = true;
    studio.bus.post(store.started());
  }

  private void focus(double xUm) throws Exception {
    studio.core.xUm = xUm;
    studio.core.yUm = -340;
    autofocus.fullFocus();
  }

  private void record(int t, String label) {
    record(t, label, studio.core.xUm);
  }

  private void record(int t, String label, double xUm) {
    FakeImage image = new FakeImage(new short[84 * 84], 84, 84);
    image.xUm = xUm;
    image.t = t;
    image.label = label;
    store.record(image);
  }

  /** Of all frames, retries included; null where a frame says none. */
  private List<Integer> timeIndices() {
    List<Integer> indices = new ArrayList<>();
    for (JSONObject frame : agent.messages("frame")) {
      indices.add(frame.has("timeIndex") ? (Integer) frame.optInt("timeIndex") : null);
    }
    return indices;
  }

  @Test
  void countFromSiteToSiteAndFromTimeToTime() throws Exception {
    studio.addPosition("A1-Site_0", 0, -340);
    studio.addPosition("A1-Site_1", 5000, -340);
    begins();
    for (int t = 0; t < 2; t++) {
      for (int p = 0; p < 2; p++) {
        focus(5000 * p);
        record(t, "A1-Site_" + p);
      }
    }
    assertEquals(List.of(0, 0, 0, 0, 1, 1, 1, 1), timeIndices());
  }

  @ParameterizedTest
  @ValueSource(strings = {"A1-Site_0", "Default"})
  void knowTheTimesThatMicroManagerDoesNotFocusAt(String label) throws Exception {
    // With another label it is the place that tells.
    studio.addPosition("A1-Site_0", 1200, -340);
    begins();
    focus(1200);
    for (int t = 0; t < 3; t++) {
      record(t, label, 1200.5);
    }
    focus(1200);
    assertEquals(List.of(0, 0, 3, 3), timeIndices());
  }

  @Test
  void areTheSameAtTwoPositionsOfOneName() throws Exception {
    studio.addPosition("cell", 0, -340);
    studio.addPosition("cell", 5000, -340);
    begins();
    for (int t = 0; t < 2; t++) {
      for (int p = 0; p < 2; p++) {
        focus(5000 * p);
        record(t, "cell");
      }
    }
    assertEquals(List.of(0, 0, 0, 0, 1, 1, 1, 1), timeIndices());
  }

  @Test
  void doNotWaitForImagesThatAreRecordedLate() throws Exception {
    begins();
    focus(0);
    focus(0);
    assertEquals(List.of(0, 0, 1, 1), timeIndices());
  }

  @Test
  void beginAgainWithEachAcquisition() throws Exception {
    begins();
    focus(0);
    focus(0);
    studio.bus.post(new FakeStore("another").started());
    focus(0);
    assertEquals(List.of(0, 0, 1, 1, 0, 0), timeIndices());
  }

  @Test
  void areNotSaidWhereThereAreNone() throws Exception {
    begins();
    focus(0);
    studio.acquisitions.isRunning = false;
    focus(0);
    store.dimensions = Map.of("C", 1, "P", 2);
    begins();
    focus(0);
    assertEquals(Arrays.asList(0, 0, null, null, null, null), timeIndices());
  }

  @Test
  void anAcquisitionIsToldWithEachHeartbeat() {
    for (boolean isRunning : new boolean[] {true, false}) {
      studio.acquisitions.isRunning = isRunning;
      Eventually.holds(
          () -> agent.messages("heartbeat").stream().anyMatch(beat -> beat.optBoolean("acquiring", !isRunning) == isRunning),
          "a heartbeat that says so");
    }
  }
}
