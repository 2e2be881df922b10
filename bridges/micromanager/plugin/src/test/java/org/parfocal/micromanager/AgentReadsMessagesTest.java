package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What this bridge sends, read by the real agent, which answers a message that breaks the protocol with an error. */
class AgentReadsMessagesTest {
  /** What is sent is kept here, for other programs to look at. */
  private static final Path SENT = Path.of("target", "messages");
  private static final Pixels PIXELS = Pixels.copyOf(new short[100 * 90], 100, 90);

  @TempDir
  Path results;

  private static FrameHeader fullFrame() {
    FrameHeader header = new FrameHeader(Site.ofLabel("AF48-Site_2"), 0, "DAPI \u00b5 \"@1\"");
    header.timeIndex = 0;
    header.zIndex = 3;
    header.xUm = 1200.5;
    header.yUm = -1e-5;
    header.zUm = 12.0;
    header.isZMeasured = true;
    header.plannedZUm = 10.0;
    header.limits = new ZLimits(-50, 80, 5);
    header.lock = new FocusLock("PFS", FocusLock.State.LOST, LockHandling.PAUSE);
    header.pixelUm = 0.325;
    header.exposureMs = 20.0;
    header.bitDepth = 12;
    header.na = 1.45;
    header.timestampMs = System.currentTimeMillis();
    header.meta = new JsonBuilder().put("camera", "Cam @1").put("acquisition", null);
    return header;
  }

  private static Map<String, byte[]> messages() {
    Map<String, byte[]> messages = new LinkedHashMap<>();
    messages.put("hello", ControllerMessages.hello("s", Parfocal.VERSION));
    messages.put("heartbeat", ControllerMessages.heartbeat("s", System.currentTimeMillis(), true));
    messages.put("frame-gate", fullFrame().toBytes("s", 0, Mode.GATE, 300, PIXELS));
    FrameHeader least = new FrameHeader(Site.ofLabel("Pos0"), 0, null);
    messages.put("frame-observe", least.toBytes("s", 1, Mode.OBSERVE, null, PIXELS));
    for (AbandonReason why : AbandonReason.values()) {
      messages.put("abandon-" + why.word(), ControllerMessages.abandon("s", fullFrame(), why, "a reason"));
    }
    messages.put("bye", ControllerMessages.bye("s"));
    return messages;
  }

  @Test
  void noneOfThemIsAnErrorAndABrokenOneIs() throws Exception {
    Files.createDirectories(SENT);
    try (Agent agent = Agent.start(results); AgentSocket socket = new AgentSocket(agent.address())) {
      for (Map.Entry<String, byte[]> message : messages().entrySet()) {
        Files.write(SENT.resolve(message.getKey() + ".json"), message.getValue());
        boolean isFrame = message.getKey().startsWith("frame");
        byte[] head = message.getValue();
        assertEquals(List.of(), ProtocolSchema.problems(new String(head, StandardCharsets.UTF_8)), message.getKey());
        Eventually.holds(
            () -> isFrame ? socket.send(head, PIXELS.bytes) : socket.send(head), message.getKey() + " is sent");
      }
      socket.send("{\"v\":1,\"type\":\"abandon\"".getBytes(StandardCharsets.UTF_8));
      List<String> answers = new ArrayList<>();
      List<String> errors = new ArrayList<>();
      Eventually.holds(() -> {
        for (byte[] part = socket.receive(); part != null; part = socket.receive()) {
          String text = new String(part, StandardCharsets.UTF_8);
          answers.add(text);
          if (text.contains("\"type\":\"error\"")) {
            errors.add(text);
          }
        }
        return errors.stream().anyMatch(text -> text.contains("bad-json"));
      }, "an error about the broken one");
      assertEquals(1, errors.size(), errors.toString());
      Eventually.holds(() -> {
        byte[] part = socket.receive();
        if (part != null) {
          answers.add(new String(part, StandardCharsets.UTF_8));
        }
        return answers.stream().anyMatch(text -> text.contains("\"type\":\"welcome\""));
      }, "a welcome");
      JSONObject frame = agent.records("verdict", "AF48-Site_2", 1).get(0).getJSONObject("frame");
      assertEquals("DAPI \u00b5 \"@1\"", frame.getString("channel"));
      assertEquals("lost", frame.getJSONObject("focusLock").getString("state"));
      assertEquals(10, frame.getDouble("plannedZUm"));
      assertTrue(frame.has("zLimitsUm") && frame.has("meta"), frame.toString());
    }
  }
}
