package org.parfocal.micromanager;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
  /** A frame of the last time point of each site, by the site's name; more than one where sites share it. */
  private final Map<String, List<FrameHeader>> last = new HashMap<>();

  TimePoints(DataProvider provider) {
    this.provider = provider;
  }

  /** An image of the acquisition was recorded. */
  synchronized void imaged(FrameHeader header) {
    if (header.timeIndex != null) {
      note(header);
    }
  }

  /** Gives the first frame of a focusing its time point, from 0; none where the acquisition has no time points. */
  synchronized void focuses(FrameHeader header) {
    SummaryMetadata summary = provider.getSummaryMetadata();
    Coords dimensions = summary == null ? null : summary.getIntendedDimensions();
    if (dimensions != null && dimensions.hasT()) {
      header.timeIndex = 1 + last.values().stream().flatMap(List::stream).filter(before -> isSamePlace(before, header))
          .mapToInt(before -> before.timeIndex).max().orElse(-1);
      note(header);
    }
  }

  private void note(FrameHeader header) {
    List<FrameHeader> ofName = last.computeIfAbsent(header.site.name, name -> new ArrayList<>());
    boolean isLater = ofName.stream().noneMatch(before -> isSamePlace(before, header) && before.timeIndex > header.timeIndex);
    if (isLater) {
      ofName.removeIf(before -> isSamePlace(before, header));
      ofName.add(header);
    }
  }

  /**
   * Where the stage was tells more than a name: two positions may have one name, and recorded images have other names than
   * the stage where there is no list of positions.
   */
  private static boolean isSamePlace(FrameHeader one, FrameHeader other) {
    boolean isKnown = one.xUm != null && one.yUm != null && other.xUm != null && other.yUm != null;
    return isKnown
        ? Math.hypot(one.xUm - other.xUm, one.yUm - other.yUm) <= PositionNames.NEAR_UM
        : one.site.name.equals(other.site.name);
  }
}
