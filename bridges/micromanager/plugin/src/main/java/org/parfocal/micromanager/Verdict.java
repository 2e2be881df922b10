package org.parfocal.micromanager;

import java.util.Locale;
import mmcorej.org.json.JSONObject;

/**
 * The agent's answer to one frame: execute {@link #action} if there is one, then acquire the same site again exactly
 * if {@link #acquireAgain}.
 */
final class Verdict {
  final String id;
  /** {@code in-focus}, {@code defocused}, {@code mixed}, {@code blank} or {@code unusable}. */
  final String condition;
  /** Mean of the level distribution, 0 (in focus) to 10. */
  final double expectedLevel;
  /** {@code accept}, {@code retry}, {@code flag} or {@code abstain}. */
  final String decision;
  /** May be null. */
  final Action action;
  final boolean acquireAgain;
  /** The attempt whose frame is the one to keep, from 0. */
  final int keepAttempt;
  /** One sentence for people. */
  final String reason;

  private Verdict(JSONObject json) throws MessageException {
    id = Json.needed(Json.name(json, "id"), "id");
    condition = Json.needed(Json.name(json, "condition"), "condition");
    Json.needed(Json.index(json, "level"), "level");
    expectedLevel = Json.needed(Json.number(json, "expectedLevel"), "expectedLevel");
    decision = Json.needed(Json.name(json, "decision"), "decision");
    acquireAgain = Json.needed(Json.flag(json, "acquireAgain"), "acquireAgain");
    keepAttempt = Json.needed(Json.index(json, "keepAttempt"), "keepAttempt");
    JSONObject asked = Json.child(json, "action");
    action = asked == null ? null : Action.read(asked);
    String text = Json.text(json, "reason");
    reason = text == null ? "" : text;
    if (acquireAgain != decision.equals("retry")) {
      throw new MessageException("acquireAgain: must be true for the decision retry and false for any other");
    }
  }

  static Verdict read(JSONObject json) throws MessageException {
    return new Verdict(json);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "level %.1f, %s, %s (%s)", expectedLevel, condition, decision, reason);
  }
}
