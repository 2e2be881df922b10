package org.parfocal.micromanager;

import java.util.HashMap;
import java.util.Map;
import org.micromanager.data.Coords;
import org.micromanager.data.DataProvider;
import org.micromanager.data.SummaryMetadata;

/**
 * Which time point of an acquisition an autofocus belongs to. It is not told, so it is the one after the last time point
 * at which the site was imaged or focused: Micro-Manager focuses once at each site and time, before its first image.
 */
final class TimePoints {
  private final DataProvider provider;
  /** Frames of the last time point of each site, by the site's name. */
  private final Map<String, FrameHeader> last = new HashMap<>();

  TimePoints(DataProvider provider) {
    this.provider = provider;
  }

  /** An image of the acquisition was recorded. */
  synchronized void imaged(FrameHeader header) {
    if (header.timeIndex != null) {
      last.merge(header.site.name, header, (before, now) -> now.timeIndex > before.timeIndex ? now : before);
    }
  }

  /** Gives the first frame of a focusing its time point, from 0; none where the acquisition has no time points. */
  synchronized void focuses(FrameHeader header) {
    SummaryMetadata summary = provider.getSummaryMetadata();
    Coords dimensions = summary == null ? null : summary.getIntendedDimensions();
    if (dimensions != null && dimensions.hasT()) {
      header.timeIndex = 1 + last.values().stream().filter(before -> isSamePlace(before, header))
          .mapToInt(before -> before.timeIndex).max().orElse(-1);
      last.put(header.site.name, header);
    }
  }

  /** Recorded images have other names than the stage where there is no list of positions. */
  private static boolean isSamePlace(FrameHeader one, FrameHeader other) {
    boolean isKnown = one.xUm != null && one.yUm != null && other.xUm != null && other.yUm != null;
    return one.site.name.equals(other.site.name)
        || isKnown && Math.hypot(one.xUm - other.xUm, one.yUm - other.yUm) <= PositionNames.NEAR_UM;
  }
}
