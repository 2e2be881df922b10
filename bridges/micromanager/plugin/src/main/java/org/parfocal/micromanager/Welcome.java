package org.parfocal.micromanager;

import mmcorej.org.json.JSONObject;

/** Who answered {@code hello}; a text is empty if it was not said. */
final class Welcome {
  final String agentVersion;
  final String modelName;

  private Welcome(String agentVersion, String modelName) {
    this.agentVersion = agentVersion;
    this.modelName = modelName;
  }

  static Welcome read(JSONObject json) {
    return new Welcome(text(json, "agent", "version"), text(json, "model", "name"));
  }

  private static String text(JSONObject json, String key, String inner) {
    JSONObject child = Json.child(json, key);
    String text = child == null ? null : Json.text(child, inner);
    return text == null ? "" : text;
  }
}
