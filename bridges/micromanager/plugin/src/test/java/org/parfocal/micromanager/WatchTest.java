package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.micromanager.events.ShutdownCommencingEvent;

/** Watching acquisitions, with the real agent and without one. */
class WatchTest {
  @TempDir
  Path results;
  private final FakeStudio studio = new FakeStudio();
  private final WatchPlugin plugin = new WatchPlugin();
  private final FakeStore store = new FakeStore("plate_1");

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
  }

  private void watch(String address, String onOff) throws Exception {
    plugin.setContext(studio);
    Parfocal.of(studio).use(FakeStudio.settings(address).with(Setting.WATCH, onOff));
    studio.bus.post(store.started());
  }

  private FakeImage image(int t, int z, double zUm) {
    FakeImage image = new FakeImage(studio.core.beads.image(zUm, 0, 0), Beads.SIDE_PX, Beads.SIDE_PX);
    image.t = t;
    image.z = z;
    image.zUm = zUm;
    return image;
  }

  @Test
  void eachRecordedImageIsJudgedAndNothingIsAskedFor() throws Exception {
    try (Agent agent = Agent.start(results)) {
      watch(agent.address(), "yes");
      assertTrue(Parfocal.of(studio).client().awaitAgent(Agent.START_MS));
      for (int t = 0; t < 3; t++) {
        FakeImage image = image(t, 0, 4 * t);
        image.label = "B3-Site_2";
        store.record(image);
        int seen = t + 1;
        Eventually.holds(() -> Parfocal.of(studio).client().counters().scored == seen, "a verdict");
      }
      List<JSONObject> verdicts = agent.records("verdict", "B3-Site_2", 3);
      JSONObject frame = verdicts.get(2).getJSONObject("frame");
      assertEquals("observe", frame.getString("mode"));
      assertEquals(2, frame.getInt("timeIndex"));
      assertEquals(0, verdicts.get(0).getJSONObject("frame").getInt("timeIndex"), "the first one has an index, too");
      assertEquals(0, frame.getInt("zIndex"));
      assertEquals("DAPI", frame.getString("channel"));
      assertEquals(8, frame.getDouble("zUm"));
      assertEquals(1200.5, frame.getDouble("xUm"));
      assertEquals(-340, frame.getDouble("yUm"));
      assertEquals(1, frame.getDouble("pixelUm"));
      assertEquals(20, frame.getDouble("exposureMs"));
      assertEquals(16, frame.getInt("bitDepth"));
      assertEquals("B3", frame.getJSONObject("site").getString("well"));
      assertEquals(2, frame.getJSONObject("site").getInt("index"));
      assertEquals("plate_1", frame.getJSONObject("meta").getString("acquisition"));
      assertEquals("Cam", frame.getJSONObject("meta").getString("camera"));
      for (JSONObject verdict : verdicts) {
        assertTrue(!verdict.has("action"), verdict.toString());
      }
      assertTrue(verdicts.get(0).getDouble("expectedLevel") < 1, verdicts.get(0).toString());
      assertTrue(verdicts.get(2).getDouble("expectedLevel") > 2, verdicts.get(2).toString());
      assertTrue(studio.logged("B3-Site_2 DAPI: level"), "a blurred one is in the log: " + studio.lines);
      assertEquals(0, Parfocal.of(studio).client().counters().errors);
    }
  }

  @Test
  void aStackIsJudgedAsOneAndItsSlicesAreNotFlagged() throws Exception {
    store.dimensions = Map.of("T", 1, "Z", 11, "C", 1, "P", 1);
    try (Agent agent = Agent.start(results)) {
      watch(agent.address(), "yes");
      assertTrue(Parfocal.of(studio).client().awaitAgent(Agent.START_MS));
      for (int z = 0; z < 11; z++) {
        store.record(image(0, z, 2 * (z - 5)));
        int seen = z + 1;
        Eventually.holds(() -> Parfocal.of(studio).client().counters().scored == seen, "a verdict");
      }
      List<JSONObject> verdicts = agent.records("verdict", "Pos0", 11);
      for (JSONObject verdict : verdicts.subList(0, 10)) {
        assertTrue(!verdict.getString("decision").equals("flag") && !verdict.has("stack"), verdict.toString());
      }
      JSONObject last = verdicts.get(10);
      assertEquals("accept", last.getString("decision"));
      assertEquals(11, last.getJSONObject("stack").getInt("judged"));
      assertEquals(0, last.getJSONObject("stack").getDouble("sharpestZUm"), 2);
    }
  }

  @Test
  void aChannelOfOneSliceInAStackIsJudgedByItself() throws Exception {
    store.dimensions = Map.of("T", 2, "Z", 5, "C", 2, "P", 1);
    try (Agent agent = Agent.start(results)) {
      watch(agent.address(), "yes");
      FocusClient client = Parfocal.of(studio).client();
      assertTrue(client.awaitAgent(Agent.START_MS));
      int seen = 0;
      for (int t = 0; t < 2; t++) {
        for (int z = 0; z < 5; z++) {
          // Micro-Manager takes a channel without "Z-stack" at the middle slice alone.
          for (int c = 0; c < (z == 2 ? 2 : 1); c++) {
            FakeImage image = image(t, z, c == 0 ? 2 * (z - 2) : 8);
            image.c = c;
            store.record(image);
            int next = ++seen;
            Eventually.holds(() -> client.counters().scored == next, "a verdict");
          }
        }
      }
      List<JSONObject> verdicts = agent.records("verdict", "Pos0", 12);
      for (JSONObject verdict : verdicts) {
        boolean isAlone = verdict.getJSONObject("frame").getString("channel").equals("GFP");
        assertEquals(!isAlone, verdict.getJSONObject("frame").has("stack"), verdict.toString());
        assertTrue(!isAlone || verdict.getString("decision").equals("flag"), verdict.toString());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void theFirstImageOfEachAxisHasIndices(int missingReads) throws Exception {
    store.dimensions = Map.of("T", 2, "Z", 2, "C", 2, "P", 2);
    try (FakeAgent agent = new FakeAgent(message -> List.of())) {
      watch(agent.address, "yes");
      Eventually.holds(() -> !agent.messages("hello").isEmpty(), "connected");
      for (int z = 0; z < 2; z++) {
        FakeImage image = image(0, z, 0);
        image.missingReads = missingReads;
        image.p = 0;
        image.label = "";
        store.record(image);
      }
      Eventually.holds(() -> agent.messages("frame").size() == 2, "two frames");
      JSONObject first = agent.messages("frame").get(0);
      assertEquals(0, first.getInt("timeIndex"));
      assertEquals(0, first.getInt("zIndex"));
      assertEquals("Pos0", first.getJSONObject("site").getString("name"));
      assertEquals("DAPI", first.getString("channel"));
      assertEquals("{\"size\":2}", first.getJSONObject("stack").toString());
      assertTrue(agent.messages("frame").get(1).getJSONObject("stack").getBoolean("last"));
    }
  }

  @Test
  void anImageOfAnAxisThatThereIsNotHasNoIndex() throws Exception {
    store.dimensions = Map.of("C", 1);
    try (FakeAgent agent = new FakeAgent(message -> List.of())) {
      watch(agent.address, "yes");
      Eventually.holds(() -> !agent.messages("hello").isEmpty(), "connected");
      store.record(image(0, 0, 0));
      Eventually.holds(() -> !agent.messages("frame").isEmpty(), "a frame");
      JSONObject frame = agent.messages("frame").get(0);
      assertTrue(!frame.has("timeIndex") && !frame.has("zIndex") && !frame.has("stack"), frame.toString());
    }
  }

  @Test
  void anImageWithoutNamesAndPlacesIsJudgedAsWell() throws Exception {
    try (Agent agent = Agent.start(results)) {
      watch(agent.address(), "yes");
      store.dimensions = null;
      FakeImage image = image(0, 0, 0);
      image.isBare = true;
      store.record(image);
      JSONObject frame = agent.records("verdict", "Pos4", 1).get(0).getJSONObject("frame");
      assertTrue(!frame.has("timeIndex") && !frame.has("zIndex"), frame.toString());
      assertTrue(!frame.has("channel") && !frame.has("xUm") && !frame.has("pixelUm"), frame.toString());
    }
  }

  @Test
  void withoutAnAgentItNeverBlocks() throws Exception {
    watch("tcp://127.0.0.1:9", "yes");
    FakeImage image = image(0, 0, 0);
    assertTimeout(Duration.ofSeconds(20), () -> {
      for (int i = 0; i < 200; i++) {
        store.record(image);
      }
    });
    assertEquals(0, store.failures);
    assertEquals(196, Parfocal.of(studio).client().counters().dropped);
    Eventually.holds(() -> studio.logged("196 images were not judged"), "the loss in the log: " + studio.lines);
    assertEquals(1, studio.lines.stream().filter(line -> line.contains("images are not judged")).count());
    Parfocal.of(studio).disconnect();
    assertTrue(studio.logged("4 images were not judged"), studio.lines.toString());
  }

  @Test
  void saysHowManyImagesAnAgentThatIsTooSlowHasSkipped() throws Exception {
    studio.acquisitions.isRunning = true;
    try (FakeAgent agent = new FakeAgent(message -> {
      String id = JSONObject.quote(message.optString("id"));
      return switch (message.optString("type")) {
        case "hello" -> List.of("{\"v\":1,\"type\":\"heartbeat\",\"timestampMs\":0}");
        case "frame" -> List.of("{\"v\":1,\"type\":\"drop\",\"why\":\"superseded\",\"id\":" + id + "}");
        default -> List.of();
      };
    })) {
      watch(agent.address, "yes");
      Eventually.holds(() -> Parfocal.of(studio).client().isConnected(), "connected");
      for (int t = 0; t < 3; t++) {
        store.record(image(t, 0, 0));
        int seen = t + 1;
        Eventually.holds(() -> Parfocal.of(studio).client().counters().dropped == seen, "a drop");
      }
      assertTrue(studio.logged("images are not judged: superseded"), studio.lines.toString());
      assertTrue(!studio.logged("were not judged"), studio.lines.toString());
      studio.acquisitions.isRunning = false;
      Eventually.holds(() -> studio.logged("3 images were not judged"), "the loss in the log: " + studio.lines);
    }
  }

  @Test
  void afterTheGoodbyeOfAShutdownNothingIsConnectedUntilItIsUsedAgain() throws Exception {
    watch("tcp://127.0.0.1:9", "no");
    Parfocal parfocal = Parfocal.of(studio);
    parfocal.client();
    studio.bus.post(new ShutdownCommencingEvent() {});
    assertNull(parfocal.clientIfAny());
    assertNotNull(parfocal.client(), "a shutdown that was called off");
  }

  @Test
  void colourImagesAreLeftOutAndSaidOnce() throws Exception {
    watch("tcp://127.0.0.1:9", "yes");
    store.record(new FakeImage(new byte[4 * 84 * 84], 84, 84));
    store.record(new FakeImage(new byte[4 * 84 * 84], 84, 84));
    assertEquals(0, store.failures);
    assertEquals(1, studio.lines.stream().filter(line -> line.contains("only grey images")).count());
  }

  @Test
  void notEvenWhatIsNoExceptionReachesTheAcquisition() throws Exception {
    watch("tcp://127.0.0.1:9", "yes");
    FakeImage image = image(0, 0, 0);
    image.beforePixels = () -> {
      throw new NoSuchMethodError("getRawPixels");
    };
    store.record(image);
    assertEquals(0, store.failures);
    assertTrue(studio.logged("not judged: getRawPixels"), studio.lines.toString());
    FakeStore broken = new FakeStore("broken") {
      @Override
      public void registerForEvents(Object listener) {
        throw new NoSuchMethodError("registerForEvents");
      }
    };
    studio.bus.post(broken.started());
    assertTrue(studio.logged("this acquisition is not watched"), studio.lines.toString());
  }

  @Test
  void switchedOffItSendsNothingAndOnInMidRunItBegins() throws Exception {
    try (Agent agent = Agent.start(results)) {
      watch(agent.address(), "no");
      store.record(image(0, 0, 0));
      assertEquals(0, Parfocal.of(studio).client().counters().sent);
      Parfocal.of(studio).use(Parfocal.of(studio).settings().with(Setting.WATCH, "yes"));
      store.record(image(1, 0, 0));
      Eventually.holds(() -> Parfocal.of(studio).client().counters().scored == 1, "a verdict");
    }
  }
}
