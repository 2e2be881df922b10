package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client's manners towards an acquisition: it never blocks, never throws, goes on without the agent. */
class FocusClientTest {
  private static final String NOBODY = "tcp://127.0.0.1:9";
  private static final Pixels PIXELS = Pixels.copyOf(new short[84 * 84], 84, 84);
  private static final int LONG_MS = 30_000;

  private final List<String> seen = new ArrayList<>();
  private final TestLog log = new TestLog();
  private FocusClient client;
  private volatile boolean isAcquiring;

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
  }

  private FocusClient client(String address) {
    client = new FocusClient(address, Parfocal.VERSION, log, this::saw, () -> isAcquiring);
    return client;
  }

  private void saw(FrameHeader header, Verdict verdict) {
    seen.add(header.site.name);
  }

  private static FrameHeader frame(int attempt) {
    return new FrameHeader(Site.ofLabel("A1"), attempt, null);
  }

  private static Function<JSONObject, List<String>> toFrames(Function<JSONObject, List<String>> answers) {
    return message -> "frame".equals(message.optString("type")) ? answers.apply(message) : List.of();
  }

  private static List<String> flag(JSONObject frame) {
    return List.of(FakeAgent.verdict(frame, null, 0));
  }

  @Test
  void withoutAnAgentFramesGoOnUnscoredAndSoonWithoutWaiting() {
    client(NOBODY);
    for (int i = 0; i < 3; i++) {
      assertFalse(client.isDegraded());
      assertNull(client.score(PIXELS, frame(0), Mode.GATE, 20));
    }
    assertTrue(client.isDegraded());
    assertTimeout(Duration.ofSeconds(10), () -> {
      for (int i = 0; i < 20; i++) {
        assertNull(client.score(PIXELS, frame(0), Mode.GATE, LONG_MS));
      }
    });
    assertEquals(23, client.counters().unscored);
    assertEquals(0, client.counters().sent);
    assertTrue(log.has("frames go on unscored"));
  }

  @Test
  void offersNeverBlockAndKeepTheNewest() {
    client(NOBODY);
    assertTimeout(Duration.ofSeconds(5), () -> {
      for (int i = 0; i < 500; i++) {
        client.offer(PIXELS, frame(0));
      }
    });
    assertEquals(496, client.counters().dropped);
    client.close();
    assertEquals(500, client.counters().dropped);
  }

  @Test
  void framesOfferedEarlyLeaveWhenTheAgentComes() throws Exception {
    String address;
    try (FakeAgent first = new FakeAgent(message -> List.of())) {
      address = first.address;
    }
    client(address);
    for (int attempt = 0; attempt < 6; attempt++) {
      client.offer(PIXELS, frame(attempt));
    }
    try (FakeAgent agent = new FakeAgent(address, toFrames(FocusClientTest::flag))) {
      Eventually.holds(() -> client.counters().scored == 4, "four verdicts");
      assertEquals(List.of(2, 3, 4, 5), agent.messages("frame").stream().map(m -> m.optInt("attempt")).toList());
      assertEquals(List.of(2, 3, 4, 5), agent.messages("frame").stream().map(m -> m.optInt("sequence")).toList());
    }
    assertEquals(List.of("A1", "A1", "A1", "A1"), seen);
  }

  @Test
  void saysHelloUntilItIsWelcomedThenHeartbeatsAndByeAtTheEnd() {
    String welcome = "{\"v\":1,\"type\":\"welcome\",\"agent\":{\"name\":\"parfocal\",\"version\":\"9.8.7\"},"
        + "\"model\":{\"name\":\"m\"}}";
    Function<JSONObject, List<String>> answers =
        message -> "hello".equals(message.optString("type")) ? List.of(welcome) : List.of();
    try (FakeAgent agent = new FakeAgent(answers)) {
      client(agent.address);
      assertTrue(client.awaitAgent(LONG_MS));
      assertTrue(client.isConnected());
      assertEquals("9.8.7", client.welcome().agentVersion);
      assertEquals("m", client.welcome().modelName);
      Eventually.holds(() -> !agent.messages("heartbeat").isEmpty(), "a heartbeat");
      client.close();
      Eventually.holds(() -> !agent.messages("bye").isEmpty(), "bye");
      assertEquals(client.session, agent.messages("bye").get(0).optString("session"));
    }
  }

  @Test
  void gatesAgainByItselfWhenTheAgentIsBack() {
    FakeAgent first = new FakeAgent(toFrames(FocusClientTest::flag));
    client(first.address);
    assertNotNull(client.score(PIXELS, frame(0), Mode.GATE, LONG_MS));
    first.close();
    for (int i = 0; i < 3; i++) {
      assertNull(client.score(PIXELS, frame(0), Mode.GATE, 50));
    }
    assertTrue(client.isDegraded());
    try (FakeAgent second = new FakeAgent(first.address, toFrames(FocusClientTest::flag))) {
      // What was offered in the meantime is answered, which shows that the agent is back.
      client.offer(PIXELS, frame(0));
      Eventually.holds(() -> !client.isDegraded(), "the agent is back");
      assertNotNull(client.score(PIXELS, frame(0), Mode.GATE, LONG_MS));
      assertEquals(2, client.counters().scored - seen.size());
    }
  }

  @Test
  void aFrameThatWasNotSentInTimeIsNotSentLater() {
    String address;
    try (FakeAgent first = new FakeAgent(message -> List.of())) {
      address = first.address;
    }
    client(address);
    assertNull(client.score(PIXELS, frame(7), Mode.GATE, 20));
    client.offer(PIXELS, frame(8));
    try (FakeAgent agent = new FakeAgent(address, toFrames(FocusClientTest::flag))) {
      Eventually.holds(() -> client.counters().scored == 1, "a verdict");
      assertEquals(List.of(8), agent.messages("frame").stream().map(m -> m.optInt("attempt")).toList());
    }
  }

  @Test
  void aLateVerdictIsCountedAndNotMistakenForTheNextOne() {
    List<JSONObject> held = Collections.synchronizedList(new ArrayList<>());
    Function<JSONObject, List<String>> late = toFrames(frame -> {
      held.add(frame);
      return held.size() < 2 ? List.of() : List.copyOf(held).stream().map(f -> FakeAgent.verdict(f, null, 0)).toList();
    });
    try (FakeAgent agent = new FakeAgent(late)) {
      client(agent.address);
      client.offer(PIXELS, frame(9));
      Eventually.holds(() -> held.size() == 1, "connected");
      held.clear();
      assertNull(client.score(PIXELS, frame(0), Mode.GATE, 1000));
      Verdict verdict = client.score(PIXELS, frame(1), Mode.GATE, LONG_MS);
      assertNotNull(verdict);
      assertTrue(verdict.id.endsWith("#1"), verdict.id);
      assertEquals(1, client.counters().late);
    }
  }

  @Test
  void garbageFromTheAgentIsCountedAndDoesNoHarm() {
    List<String> garbage = List.of("", "{\"v\":1", "[]", "{\"v\":9,\"type\":\"verdict\"}", "[".repeat(50_000),
        "{\"a\":".repeat(50_000), "{\"v\":1,\"type\":\"verdict\",\"id\":\"x\"}");
    Function<JSONObject, List<String>> answers = toFrames(frame -> {
      List<String> all = new ArrayList<>(garbage);
      all.addAll(flag(frame));
      return all;
    });
    try (FakeAgent agent = new FakeAgent(answers)) {
      client(agent.address);
      assertNotNull(client.score(PIXELS, frame(0), Mode.GATE, LONG_MS));
      assertEquals(garbage.size(), client.counters().errors);
    }
  }

  @Test
  void aDropOrAnErrorEndsTheWaitAtOnce() {
    List<String> kinds =
        List.of("\"type\":\"drop\",\"why\":\"overload\"", "\"type\":\"error\",\"code\":\"unscorable\"");
    for (String answer : kinds) {
      Function<JSONObject, List<String>> answers = toFrames(
          frame -> List.of("{\"v\":1,\"id\":" + JSONObject.quote(frame.optString("id")) + "," + answer + "}"));
      try (FakeAgent agent = new FakeAgent(answers)) {
        client(agent.address);
        assertTimeout(Duration.ofSeconds(20),
            () -> assertNull(client.score(PIXELS, frame(0), Mode.GATE, LONG_MS)));
        assertEquals(1, client.counters().unscored);
        assertFalse(client.isDegraded());
        client.close();
      }
    }
  }

  @Test
  void afterByeNothingWaits() {
    try (FakeAgent agent = new FakeAgent(toFrames(frame -> List.of("{\"v\":1,\"type\":\"bye\"}")))) {
      client(agent.address);
      assertNull(client.score(PIXELS, frame(0), Mode.GATE, 2000));
      Eventually.holds(client::isDegraded, "degraded");
    }
  }

  @Test
  void anAddressThatCannotBeUsedHurtsNothing() {
    client("nonsense");
    assertNull(client.score(PIXELS, frame(0), Mode.GATE, 20));
    client.offer(PIXELS, frame(0));
    client.abandon(frame(0), AbandonReason.OTHER, "");
    Eventually.holds(() -> log.has("nonsense"), "said in the log");
    Eventually.holds(client::isDegraded, "nothing waits any more");
    client.close();
  }

  @Test
  void whoWaitsForAVerdictWaitsNoLongerThanTheConnectionIsOpen() throws Exception {
    try (FakeAgent agent = new FakeAgent(message -> List.of())) {
      client(agent.address);
      CompletableFuture<Verdict> scored =
          CompletableFuture.supplyAsync(() -> client.score(PIXELS, frame(0), Mode.GATE, LONG_MS));
      Eventually.holds(() -> !agent.messages("frame").isEmpty(), "a frame");
      client.close();
      assertNull(scored.get(5, TimeUnit.SECONDS));
      assertEquals(1, client.counters().unscored);
    }
  }

  @Test
  void aNameThatIsNotKnownYetIsTriedAgain() {
    try (FakeAgent agent = new FakeAgent(message -> List.of())) {
      AtomicInteger tries = new AtomicInteger();
      AgentLink.Opener opener = address -> {
        if (tries.incrementAndGet() == 1) {
          throw new IOException("name or service not known");
        }
        return new AgentSocket(address);
      };
      AgentLink link = new AgentLink(agent.address, opener, 1, new SilentListener(), log);
      try {
        Eventually.holds(() -> !agent.messages("heartbeat").isEmpty(), "connected");
        assertEquals(2, tries.get());
        assertTrue(log.has("tried again: name or service not known"));
      } finally {
        link.stop();
      }
    }
  }

  @Test
  void anAddressMayBeOneOfIPv6() {
    assumeTrue(hasIPv6(), "this machine has no IPv6");
    try (FakeAgent agent = new FakeAgent("tcp://[::1]:*", toFrames(FocusClientTest::flag))) {
      client(agent.address);
      assertNotNull(client.score(PIXELS, frame(0), Mode.GATE, LONG_MS));
    }
  }

  private static boolean hasIPv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  /** Says a heartbeat, hears nothing. */
  private static final class SilentListener implements AgentLink.Listener {
    @Override
    public void received(byte[] part) {}

    @Override
    public void sent(Parcel parcel) {}

    @Override
    public void lost(Parcel parcel) {}

    @Override
    public byte[] beat() {
      return ControllerMessages.heartbeat("s", 0, false);
    }

    @Override
    public byte[] goodbye() {
      return ControllerMessages.bye("s");
    }
  }
}
