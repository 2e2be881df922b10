package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import mmcorej.org.json.JSONArray;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The example messages that all languages share. */
class MessagesTest {
  private static final Path CONTRACT = Agent.root().resolve("test/contract");
  private static final Set<String> FOR_CONTROLLERS = Set.of("welcome", "verdict", "drop", "error", "heartbeat", "bye");
  /** Errors that can be in a message to a controller; the others are about frames, which it never gets. */
  private static final Set<String> OF_ANY_MESSAGE =
      Set.of("broken-json.txt", "broken-version.json", "broken-verdict.json");
  /** The key of frame-gate.json that this bridge never sends. */
  private static final Set<String> NOT_SENT = Set.of("next");

  static Stream<JSONObject> examples() throws Exception {
    JSONArray index = new JSONArray(Files.readString(CONTRACT.resolve("index.json")));
    assertTrue(index.length() > 20);
    return IntStream.range(0, index.length()).mapToObj(index::optJSONObject);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void eachExampleIsReadIgnoredOrRefusedAsItShouldBe(JSONObject example) throws Exception {
    byte[] part = bytes(example.getString("file"));
    if (OF_ANY_MESSAGE.contains(example.getString("file"))) {
      assertThrows(MessageException.class, () -> AgentMessage.read(part));
    } else if (FOR_CONTROLLERS.contains(example.optString("type"))) {
      assertEquals(example.getString("type"), AgentMessage.read(part).type.name().toLowerCase(Locale.ROOT));
    } else {
      assertNull(AgentMessage.read(part));
    }
  }

  @Test
  void aVerdictIsReadInFull() throws Exception {
    Verdict retry = AgentMessage.read(bytes("verdict-retry.json")).verdict;
    assertEquals("retry", retry.decision);
    assertEquals("defocused", retry.condition);
    assertEquals(6.3, retry.expectedLevel);
    assertTrue(retry.acquireAgain);
    assertEquals("move-z", retry.action.kind);
    assertNull(retry.action.viaUm);
    Verdict backlash = AgentMessage.read(bytes("verdict-backlash.json")).verdict;
    assertEquals(-4.2, backlash.action.byUm);
    assertEquals(-9.2, backlash.action.viaUm);
    assertEquals("autofocus", AgentMessage.read(bytes("verdict-autofocus.json")).verdict.action.kind);
    Verdict end = AgentMessage.read(bytes("verdict-end-with-move.json")).verdict;
    assertEquals(2, end.keepAttempt);
    assertNotNull(end.action);
    assertNull(AgentMessage.read(bytes("verdict-accept.json")).verdict.action);
  }

  @Test
  void anAnswerNamesItsFrameAndWhatIsWrong() throws Exception {
    JSONObject drop = json("drop.json");
    assertEquals(drop.getString("id"), AgentMessage.read(bytes("drop.json")).id);
    assertEquals(drop.getString("why"), AgentMessage.read(bytes("drop.json")).text);
    assertTrue(AgentMessage.read(bytes("error.json")).text.startsWith(json("error.json").getString("code")));
    assertEquals(json("welcome.json").getJSONObject("agent").getString("version"),
        AgentMessage.read(bytes("welcome.json")).welcome.agentVersion);
  }

  @Test
  void aFrameIsWrittenAsInTheExample() throws Exception {
    JSONObject example = json("frame-gate.json");
    short[] counts = new short[24];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = (short) (100 + 200 * i);
    }
    Pixels pixels = Pixels.copyOf(counts, 6, 4);
    assertArrayEquals(bytes("frame-gate.raw"), pixels.bytes);

    FrameHeader header = new FrameHeader(Site.ofLabel("B3-Site_2"), 0, "DAPI");
    header.timeIndex = 0;
    header.zIndex = 0;
    header.xUm = 1200.5;
    header.yUm = -340.0;
    header.zUm = 12.5;
    header.isZMeasured = true;
    header.plannedZUm = 10.0;
    header.limits = new ZLimits(-50, 80, 5);
    header.lock = new FocusLock("PFS", FocusLock.State.ENGAGED, LockHandling.OFFSET);
    header.pixelUm = 0.325;
    header.exposureMs = 20.0;
    header.bitDepth = 12;
    header.na = 0.75;
    header.timestampMs = 1760000000123L;
    header.meta = new JsonBuilder().put("Camera", "Cam @1").put("binning", 1);
    String session = example.getString("session");
    JSONObject written = new JSONObject(new String(header.toBytes(session, 41, Mode.GATE, 300, pixels), "UTF-8"));

    assertEquals(session + "/B3-Site_2/DAPI/t0/z0/41#0", written.getString("id"));
    assertEquals("B3", written.getJSONObject("site").getString("well"));
    assertEquals(2, written.getJSONObject("site").getInt("index"));
    assertEquals(0.75, written.getJSONObject("optics").getDouble("na"));
    for (String key : namesOf(example)) {
      if (!NOT_SENT.contains(key) && !Set.of("id", "site", "optics").contains(key)) {
        assertEquals(plain(example.get(key)), plain(written.get(key)), key);
      }
    }
    assertTrue(written.length() == example.length() - NOT_SENT.size(), written.toString());
  }

  @Test
  void whatIsNotKnownIsLeftOut() throws Exception {
    FrameHeader header = new FrameHeader(Site.ofLabel("Pos0"), 0, "");
    header.pixelUm = 0.0;
    header.exposureMs = Double.NaN;
    header.bitDepth = 32;
    header.na = 0.0;
    byte[] part = header.toBytes("s", 0, Mode.OBSERVE, null, Pixels.copyOf(new byte[12], 4, 3));
    JSONObject written = new JSONObject(new String(part, "UTF-8"));
    assertEquals(
        Set.of("v", "type", "id", "session", "sequence", "mode", "dtype", "shape", "site", "attempt"),
        Set.copyOf(namesOf(written)));
  }

  @Test
  void anAbandonIsWrittenAsInTheExample() throws Exception {
    JSONObject example = json("abandon.json");
    FrameHeader header = new FrameHeader(Site.ofLabel(example.getJSONObject("site").getString("name")), 0, "DAPI");
    header.timeIndex = 0;
    byte[] part = ControllerMessages.abandon(
        example.getString("session"), header, AbandonReason.LIMITS, example.getString("reason"));
    JSONObject written = new JSONObject(new String(part, "UTF-8"));
    for (String key : namesOf(example)) {
      if (!key.equals("site")) {
        assertEquals(plain(example.get(key)), plain(written.get(key)), key);
      }
    }
    assertEquals(example.getJSONObject("site").getString("name"), written.getJSONObject("site").getString("name"));
  }

  @Test
  void aNameThatIsTooLongIsCutAndItsFrameKeepsAUniqueId() throws Exception {
    FrameHeader header = new FrameHeader(Site.ofLabel("x".repeat(600)), 2, null);
    byte[] part = header.toBytes("s", 5, Mode.OBSERVE, null, Pixels.copyOf(new byte[12], 4, 3));
    JSONObject written = new JSONObject(new String(part, "UTF-8"));
    assertEquals(512, written.getJSONObject("site").getString("name").length());
    assertEquals("s/5#2", written.getString("id"));
  }

  private static List<String> namesOf(JSONObject object) {
    List<String> names = new ArrayList<>();
    object.keys().forEachRemaining(names::add);
    return names;
  }

  private static byte[] bytes(String file) throws IOException {
    return Files.readAllBytes(CONTRACT.resolve(file));
  }

  private static JSONObject json(String file) throws Exception {
    return new JSONObject(Files.readString(CONTRACT.resolve(file)));
  }

  /** A value so that 10 equals 10.0 and objects compare by content. */
  private static Object plain(Object value) throws Exception {
    if (value instanceof Number) {
      return ((Number) value).doubleValue();
    }
    if (value instanceof JSONArray) {
      JSONArray array = (JSONArray) value;
      List<Object> items = new ArrayList<>();
      for (int i = 0; i < array.length(); i++) {
        items.add(plain(array.get(i)));
      }
      return items;
    }
    if (value instanceof JSONObject) {
      JSONObject object = (JSONObject) value;
      Map<String, Object> items = new TreeMap<>();
      for (String key : namesOf(object)) {
        items.put(key, plain(object.get(key)));
      }
      return items;
    }
    return value;
  }
}
