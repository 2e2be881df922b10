package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A real agent that is killed, stopped or late in the middle of an acquisition, which goes on. */
class AgentFaultsTest {
  private static final double SHARP_UM = 2;

  @TempDir
  Path results;
  private final FakeStudio studio = new FakeStudio();
  private final ParfocalAutofocus autofocus = new ParfocalAutofocus();
  private int position;

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
  }

  private FocusClient use(Settings settings) {
    autofocus.setContext(studio);
    Parfocal.of(studio).use(settings);
    studio.acquisitions.isRunning = true;
    FocusClient client = Parfocal.of(studio).client();
    assertTrue(client.awaitAgent(Agent.START_MS));
    return client;
  }

  /** One autofocus at a new position, 6 um out of focus; returns where it ended, um. */
  private double focusNext() throws Exception {
    studio.core.xUm = 1000 * ++position;
    studio.core.zUm = 6;
    return autofocus.fullFocus();
  }

  private boolean findsFocus() {
    try {
      return Math.abs(focusNext()) < SHARP_UM;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anAgentThatIsKilledInMidRunIsMissedAndUsedAgainOnceItIsBack() throws Exception {
    try (Agent agent = Agent.start(results)) {
      FocusClient client = use(FakeStudio.settings(agent.address()).with(Setting.DEADLINE, "2000"));
      assertTrue(findsFocus(), studio.lines.toString());

      Parfocal.of(studio).use(Parfocal.of(studio).settings().with(Setting.DEADLINE, "200"));
      // In the middle of a search: after the first image was taken, before it is judged.
      int snaps = studio.core.snaps;
      studio.core.beforeSnap = () -> {
        try {
          if (studio.core.snaps == snaps) {
            agent.kill();
          }
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      };
      for (int i = 0; i < 4; i++) {
        assertEquals(6, focusNext());
      }
      assertTrue(client.isDegraded());
      assertEquals(4, client.counters().unscored);

      agent.start();
      Parfocal.of(studio).use(Parfocal.of(studio).settings().with(Setting.DEADLINE, "2000"));
      Eventually.holds(this::findsFocus, "the agent is used again");
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void anAgentThatStandsStillIsNotWaitedForAndUsedAgainOnceItGoesOn() throws Exception {
    try (Agent agent = Agent.start(results)) {
      FocusClient client = use(FakeStudio.settings(agent.address()).with(Setting.DEADLINE, "200"));
      agent.signal("STOP");
      assertTimeout(Duration.ofSeconds(15), () -> {
        for (int i = 0; i < 20; i++) {
          assertEquals(6, focusNext());
        }
      });
      // Now and then one frame is waited for again, until the silence itself says that nobody is there.
      Eventually.holds(client::isDegraded, "nobody is waited for");
      agent.signal("CONT");
      Parfocal.of(studio).use(Parfocal.of(studio).settings().with(Setting.DEADLINE, "2000"));
      Eventually.holds(this::findsFocus, "the agent is used again");
    }
  }

  @Test
  void framesThatAreTooLargeAreSaidOnceAndNotWaitedFor() throws Exception {
    try (Agent agent = Agent.start(results, "--set", "sources.zeromq.maxFrameMib=1")) {
      FocusClient client = use(FakeStudio.settings(agent.address()));
      Pixels large = Pixels.copyOf(new short[1024 * 1024], 1024, 1024);
      assertTimeout(Duration.ofSeconds(15), () -> {
        for (int i = 0; i < 4; i++) {
          FrameHeader header = new FrameHeader(Site.ofLabel("A" + i), 0, null);
          assertNull(client.score(large, header, Mode.GATE, 10_000));
        }
      });
      assertEquals(4, client.counters().errors);
      assertEquals(1, studio.lines.stream().filter(line -> line.contains("sources.zeromq.maxFrameMib")).count());
      assertTrue(findsFocus(), studio.lines.toString());
    }
  }

  @Test
  void anAgentThatComesOnlyInMidRunIsUsedFromThenOn() throws Exception {
    String address;
    try (Agent agent = Agent.start(results)) {
      address = agent.address();
      agent.close();
      autofocus.setContext(studio);
      studio.acquisitions.isRunning = true;
      Parfocal.of(studio).use(FakeStudio.settings(address).with(Setting.DEADLINE, "100"));
      assertEquals(6, focusNext());
      assertTrue(autofocus.getVerboseStatus().contains("no verdict"), autofocus.getVerboseStatus());
      agent.start();
      Parfocal.of(studio).use(Parfocal.of(studio).settings().with(Setting.DEADLINE, "2000"));
      Eventually.holds(this::findsFocus, "the agent is used");
    }
  }
}
