package org.parfocal.micromanager;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests against a real agent, one for each class. */
abstract class RealAgentTest {
  /** Within this distance from focus beads count as sharp, um. */
  static final double SHARP_UM = 2;

  @TempDir
  static Path results;
  static Agent agent;

  @BeforeAll
  static void startAgent() throws Exception {
    agent = Agent.start(results);
  }

  @AfterAll
  static void stopAgent() throws Exception {
    if (agent != null) {
      agent.close();
      agent = null;
    }
  }
}
