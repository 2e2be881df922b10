package org.parfocal.micromanager;

/**
 * What is said of one frame besides its pixels. Lengths are micrometres, times milliseconds; what is null is not
 * known and is left out.
 */
final class FrameHeader {
  final Site site;
  /** 0: the planned acquisition of this site; k: the k-th retry. */
  final int attempt;
  final String channel;
  Integer timeIndex;
  Integer zIndex;
  /** Null: no slice of a z-stack. */
  ZStack stack;
  Double xUm;
  Double yUm;
  Double zUm;
  boolean isZMeasured;
  /** z before any retry. */
  Double plannedZUm;
  /** Where the drive may go. */
  ZLimits limits;
  FocusLock lock;
  Double pixelUm;
  Double exposureMs;
  /** Significant bits of a pixel, 8 to 16. */
  Integer bitDepth;
  /** Numerical aperture of the objective. */
  Double na;
  Long timestampMs;
  /** Free text about the frame; logged by the agent. */
  JsonBuilder meta;
  /** Under which it was sent and waited for; null if it was not. */
  String awaitedId;

  FrameHeader(Site site, int attempt, String channel) {
    this.site = site;
    this.attempt = attempt;
    this.channel = channel;
  }

  /** Unique among all frames, as long as {@code sequence} is within its session. */
  String id(String session, long sequence) {
    String place = site.name + "/" + (channel == null ? "-" : channel);
    String when = "t" + orZero(timeIndex) + "/z" + orZero(zIndex);
    String id = session + "/" + place + "/" + when + "/" + sequence + "#" + attempt;
    return id.length() <= Json.MAX_NAME_LENGTH ? id : session + "/" + sequence + "#" + attempt;
  }

  /** The message's first part; {@code deadlineMs} is null for a frame that nobody waits for. */
  byte[] toBytes(String session, long sequence, Mode mode, Integer deadlineMs, Pixels pixels) {
    JsonBuilder json = JsonBuilder.message("frame");
    json.put("id", id(session, sequence)).putName("session", session).put("sequence", sequence);
    json.put("mode", mode.word()).put("deadlineMs", deadlineMs);
    json.put("dtype", pixels.dtype()).putPair("shape", pixels.height, pixels.width);
    putPlace(json);
    json.put("attempt", attempt).put("zIndex", zIndex).put("stack", stack == null ? null : stack.toJson());
    json.put("xUm", xUm).put("yUm", yUm).put("zUm", zUm).put("plannedZUm", plannedZUm);
    if (zUm != null) {
      json.put("zSource", isZMeasured ? "measured" : "intended");
    }
    if (limits != null) {
      json.putPair("zLimitsUm", limits.lowUm, limits.highUm);
    }
    json.put("focusLock", lock == null ? null : lock.toJson());
    json.put("pixelUm", isPositive(pixelUm) ? pixelUm : null);
    json.put("exposureMs", exposureMs != null && exposureMs >= 0 ? exposureMs : null);
    boolean isDepth = bitDepth != null && bitDepth >= 8 && bitDepth <= 8 * pixels.bytesPerPixel;
    json.put("bitDepth", isDepth ? bitDepth : null);
    json.put("optics", isPositive(na) ? new JsonBuilder().put("na", na) : null);
    return json.put("timestampMs", timestampMs).put("meta", meta).toBytes();
  }

  /** Which site, channel and time this is about. */
  void putPlace(JsonBuilder json) {
    json.put("site", site.toJson()).putName("channel", channel).put("timeIndex", timeIndex);
  }

  private static boolean isPositive(Double value) {
    return value != null && value > 0;
  }

  private static int orZero(Integer index) {
    return index == null ? 0 : index;
  }
}
