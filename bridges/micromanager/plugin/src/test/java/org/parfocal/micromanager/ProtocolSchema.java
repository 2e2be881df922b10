package org.parfocal.micromanager;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import mmcorej.org.json.JSONException;
import mmcorej.org.json.JSONObject;

/** The JSON Schema of the protocol, made from what the agent checks messages with. */
final class ProtocolSchema {
  private static final Path FILE = Agent.root().resolve("docs/protocol.schema.json");
  private static final String AT = "https://parfocal.test/protocol";
  private static final SchemaRegistry REGISTRY = registry();

  private ProtocolSchema() {}

  /** What is wrong with a message; empty if it fits. */
  static List<String> problems(String json) {
    try {
      String type = new JSONObject(json).getString("type");
      Schema schema = REGISTRY.getSchema(SchemaLocation.of(AT + "#/$defs/" + type));
      return schema.validate(json, InputFormat.JSON).stream().map(problem -> type + " " + problem).toList();
    } catch (JSONException e) {
      return List.of(e.getMessage() + ": " + json);
    }
  }

  private static SchemaRegistry registry() {
    try {
      String schema = Files.readString(FILE);
      return SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12, builder -> builder.schemas(location -> location.equals(AT) ? schema : null));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
