package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import mmcorej.org.json.JSONArray;
import mmcorej.org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema that every message sent in these tests is held against, on messages that are known to be right or wrong. */
class ProtocolSchemaTest {
  private static final Path CONTRACT = Agent.root().resolve("test/contract");

  static List<String> valid() throws Exception {
    JSONArray index = new JSONArray(Files.readString(CONTRACT.resolve("index.json")));
    List<String> files = new ArrayList<>();
    for (int i = 0; i < index.length(); i++) {
      JSONObject entry = index.getJSONObject(i);
      if (entry.has("type") && !entry.optBoolean("ignored")) {
        files.add(entry.getString("file"));
      }
    }
    return files;
  }

  @ParameterizedTest
  @MethodSource("valid")
  void anExampleFits(String file) throws Exception {
    assertEquals(List.of(), ProtocolSchema.problems(Files.readString(CONTRACT.resolve(file))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"broken-dtype.json", "broken-shape.json", "broken-version.json"})
  void aBrokenOneDoesNot(String file) throws Exception {
    assertFalse(ProtocolSchema.problems(Files.readString(CONTRACT.resolve(file))).isEmpty());
  }

  @Test
  void theFakeAgentTellsOfAMessageThatBreaksIt() throws Exception {
    FakeAgent agent = new FakeAgent(message -> List.of());
    try (AgentSocket socket = new AgentSocket(agent.address)) {
      byte[] hello = "{\"v\":1,\"type\":\"hello\"}".getBytes(StandardCharsets.UTF_8);
      Eventually.holds(() -> socket.send(hello), "it is sent");
      Eventually.holds(() -> !agent.messages.isEmpty(), "it arrives");
    }
    assertThrows(AssertionError.class, agent::close);
  }
}
