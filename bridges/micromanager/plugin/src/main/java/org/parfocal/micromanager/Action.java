package org.parfocal.micromanager;

import mmcorej.org.json.JSONObject;

/** What the agent asks for after a frame. */
final class Action {
  /** {@code move-z}, {@code autofocus}, {@code reacquire}, or something newer that is not known here. */
  final String kind;
  /** For {@code move-z}: how far, um, from where the frame was taken. */
  final double byUm;
  /** A stop on the way, um from where the frame was taken; null: go straight. */
  final Double viaUm;

  private Action(String kind, double byUm, Double viaUm) {
    this.kind = kind;
    this.byUm = byUm;
    this.viaUm = viaUm;
  }

  static Action read(JSONObject json) throws MessageException {
    String kind = Json.needed(Json.name(json, "kind"), "action.kind");
    if (!kind.equals("move-z")) {
      return new Action(kind, 0, null);
    }
    double byUm = Json.needed(Json.number(json, "byUm"), "action.byUm");
    return new Action(kind, byUm, Json.number(json, "viaUm"));
  }
}
