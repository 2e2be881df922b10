package org.parfocal.micromanager;

/** What a controller says besides frames. */
final class ControllerMessages {
  private ControllerMessages() {}

  /** @param version of this program. */
  static byte[] hello(String session, String version) {
    // What the system calls this computer, without asking the network.
    String windows = System.getenv("COMPUTERNAME");
    JsonBuilder controller = new JsonBuilder().putName("name", "micro-manager").putName("version", version);
    controller.putName("host", windows != null ? windows : System.getenv("HOSTNAME"));
    return JsonBuilder.message("hello").putName("session", session).put("controller", controller).toBytes();
  }

  /** @param timestampMs wall clock, ms since 1970 UTC. */
  static byte[] heartbeat(String session, long timestampMs, boolean isAcquiring) {
    JsonBuilder message = JsonBuilder.message("heartbeat").putName("session", session);
    return message.put("timestampMs", timestampMs).put("acquiring", isAcquiring).toBytes();
  }

  static byte[] bye(String session) {
    return JsonBuilder.message("bye").putName("session", session).toBytes();
  }

  /** The controller ends the site instead of doing what was asked. {@code reason} is one sentence for people. */
  static byte[] abandon(String session, FrameHeader frame, AbandonReason why, String reason) {
    JsonBuilder message = JsonBuilder.message("abandon").putName("session", session);
    frame.putPlace(message);
    message.put("xUm", frame.xUm).put("yUm", frame.yUm).put("why", why.word());
    if (why == AbandonReason.UNSCORED) {
      // A verdict that came too late is not to count as what was done.
      message.putName("frameId", frame.awaitedId);
    }
    return message.put("reason", reason).toBytes();
  }
}
