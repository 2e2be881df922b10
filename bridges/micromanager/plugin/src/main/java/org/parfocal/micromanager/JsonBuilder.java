package org.parfocal.micromanager;

import java.nio.charset.StandardCharsets;
import mmcorej.org.json.JSONArray;
import mmcorej.org.json.JSONException;
import mmcorej.org.json.JSONObject;

/** Writes a JSON object; what is null or no finite number is left out. */
final class JsonBuilder {
  private final JSONObject json = new JSONObject();

  /** Begins a message of protocol version 1. */
  static JsonBuilder message(String type) {
    return new JsonBuilder().put("v", AgentMessage.PROTOCOL_VERSION).put("type", type);
  }

  JsonBuilder put(String key, Object value) {
    boolean isNoNumber = value instanceof Double && (((Double) value).isNaN() || ((Double) value).isInfinite());
    if (value == null || isNoNumber) {
      return this;
    }
    try {
      json.put(key, value instanceof JsonBuilder ? ((JsonBuilder) value).json : value);
    } catch (JSONException e) {
      throw new IllegalStateException(key + " cannot be written", e);
    }
    return this;
  }

  /** A text of at least one character; a longer one than the protocol takes is cut. */
  JsonBuilder putName(String key, String name) {
    if (name == null || name.isEmpty()) {
      return this;
    }
    return put(key, name.substring(0, Math.min(name.length(), Json.MAX_NAME_LENGTH)));
  }

  JsonBuilder putPair(String key, Object first, Object second) {
    return put(key, new JSONArray().put(first).put(second));
  }

  /** The object as it goes on the wire, UTF-8. */
  byte[] toBytes() {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }
}
