package org.parfocal.micromanager;

import java.awt.Color;

/** The connection to the agent in words and a colour, for people. */
final class ConnectionState {
  private static final Color GOOD = new Color(0x2E7D32);
  private static final Color DOUBTFUL = new Color(0xB26A00);
  private static final Color BAD = new Color(0xB3261E);

  final String text;
  final Color color;

  private ConnectionState(String text, Color color) {
    this.text = text;
    this.color = color;
  }

  static ConnectionState of(FocusClient client) {
    Welcome welcome = client.welcome();
    if (!client.isConnected()) {
      return new ConnectionState("no agent; runs go on without it", BAD);
    }
    String who = welcome == null ? "connected" : "agent " + welcome.agentVersion + ", model " + welcome.modelName;
    return client.isDegraded()
        ? new ConnectionState(who + "; too slow, not waited for", DOUBTFUL)
        : new ConnectionState(who, GOOD);
  }

  /** Tries an address with a connection of its own; waits {@code maxMs} at most. */
  static ConnectionState probe(String address, long maxMs, Log log) {
    FocusClient client = new FocusClient(address, Parfocal.VERSION, log, (header, verdict) -> {}, () -> false);
    try {
      return client.awaitAgent(maxMs)
          ? of(client)
          : new ConnectionState("no answer; is \"parfocal agent\" running?", BAD);
    } finally {
      client.close();
    }
  }
}
