package org.parfocal.micromanager;

import mmcorej.org.json.JSONObject;

/** A message from the agent, as far as a controller needs it. */
final class AgentMessage {
  static final int PROTOCOL_VERSION = 1;

  /** The types that the agent sends to controllers. */
  enum Type {
    WELCOME,
    VERDICT,
    DROP,
    ERROR,
    HEARTBEAT,
    BYE
  }

  final Type type;
  /** Of the frame that is answered; null if the message is about none. */
  final String id;
  /** For {@link Type#VERDICT}, else null. */
  final Verdict verdict;
  /** For {@link Type#WELCOME}, else null. */
  final Welcome welcome;
  /** Why a frame was dropped, or what is wrong: the code of the error, a colon, and words for people. */
  final String text;

  private AgentMessage(Type type, String id, Verdict verdict, Welcome welcome, String text) {
    this.type = type;
    this.id = id;
    this.verdict = verdict;
    this.welcome = welcome;
    this.text = text;
  }

  /** Reads a message; null if its type is unknown or is not one that controllers get. */
  static AgentMessage read(byte[] part) throws MessageException {
    JSONObject json = Json.parse(part);
    Integer version = Json.index(json, "v");
    if (version == null || version != PROTOCOL_VERSION) {
      throw new MessageException("protocol version " + json.opt("v") + " is not supported");
    }
    switch (Json.needed(Json.text(json, "type"), "type")) {
      case "welcome":
        return new AgentMessage(Type.WELCOME, null, null, Welcome.read(json), "");
      case "verdict":
        Verdict verdict = Verdict.read(json);
        return new AgentMessage(Type.VERDICT, verdict.id, verdict, null, "");
      case "drop":
        String id = Json.needed(Json.name(json, "id"), "id");
        return new AgentMessage(Type.DROP, id, null, null, orEmpty(Json.text(json, "why")));
      case "error":
        String code = Json.needed(Json.name(json, "code"), "code");
        String text = code + ": " + orEmpty(Json.text(json, "message"));
        return new AgentMessage(Type.ERROR, Json.name(json, "id"), null, null, text);
      case "heartbeat":
        return new AgentMessage(Type.HEARTBEAT, null, null, null, "");
      case "bye":
        return new AgentMessage(Type.BYE, null, null, null, "");
      default:
        return null;
    }
  }

  /** Of an error. */
  String code() {
    return text.substring(0, text.indexOf(':'));
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }
}
