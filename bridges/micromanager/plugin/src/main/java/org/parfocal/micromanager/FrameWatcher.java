package org.parfocal.micromanager;

import com.google.common.eventbus.Subscribe;
import java.util.HashMap;
import java.util.Map;
import org.micromanager.data.Coords;
import org.micromanager.data.DataProvider;
import org.micromanager.data.DataProviderHasNewImageEvent;
import org.micromanager.data.Image;
import org.micromanager.data.Metadata;
import org.micromanager.data.SummaryMetadata;

/** Has the images of one acquisition judged as they are recorded, and notes their time points. Registered on the bus of its datastore. */
public final class FrameWatcher {
  private final Parfocal parfocal;
  private final TimePoints timePoints;
  /** Time points at which the z-stacks of each site and channel began last. */
  private final Map<String, Integer> begun = new HashMap<>();
  private boolean saidUnfit;

  FrameWatcher(Parfocal parfocal, TimePoints timePoints) {
    this.parfocal = parfocal;
    this.timePoints = timePoints;
  }

  /** Called in the thread of the datastore's events, for one image after the other. Never waits, never throws. */
  @Subscribe
  public void imageRecorded(DataProviderHasNewImageEvent event) {
    try {
      Settings settings = parfocal.settings();
      Image image = event.getImage();
      FrameHeader header = describe(image, event.getDataProvider(), settings);
      timePoints.imaged(header);
      if (settings.isWatching) {
        Pixels pixels = Pixels.copyOf(image.getRawPixels(), image.getWidth(), image.getHeight());
        parfocal.client().offer(pixels, header);
      }
    } catch (Throwable e) {
      // The bus hands errors on to the acquisition: no memory for a copy must not end it.
      if (!saidUnfit) {
        saidUnfit = true;
        parfocal.log.warn("images of this acquisition are not judged: " + e.getMessage(), e);
      }
    }
  }

  private FrameHeader describe(Image image, DataProvider provider, Settings settings) {
    Coords coords = image.getCoords();
    Metadata metadata = image.getMetadata();
    String label = metadata.getPositionName("");
    Site site = Site.ofLabel(label == null || label.isEmpty() ? "Pos" + Math.max(0, coords.getP()) : label);
    FrameHeader header = new FrameHeader(site, 0, channel(coords, provider));
    Coords dimensions = provider.getSummaryMetadata() == null ? null : provider.getSummaryMetadata().getIntendedDimensions();
    header.timeIndex = index(coords.hasT(), coords.getT(), dimensions != null && dimensions.hasT());
    header.zIndex = index(coords.hasZ(), coords.getZ(), dimensions != null && dimensions.hasZ());
    header.stack = isAlone(coords) ? null : ZStack.ofSlice(header.zIndex, dimensions);
    header.xUm = metadata.getXPositionUm();
    header.yUm = metadata.getYPositionUm();
    header.zUm = metadata.getZPositionUm();
    header.pixelUm = metadata.getPixelSizeUm();
    header.exposureMs = metadata.getExposureMs();
    header.bitDepth = metadata.getBitDepth();
    header.na = settings.na;
    header.timestampMs = System.currentTimeMillis();
    header.meta = new JsonBuilder().put("camera", metadata.getCamera()).put("acquisition", provider.getName());
    return header;
  }

  /** Where a channel takes no part in the z-stack, Micro-Manager images it at the middle slice alone. */
  private boolean isAlone(Coords coords) {
    String place = Math.max(0, coords.getP()) + " " + Math.max(0, coords.getC());
    if (coords.getZ() <= 0) {
      begun.put(place, coords.getT());
    }
    return !Integer.valueOf(coords.getT()).equals(begun.get(place));
  }

  /** Coordinates leave out an axis at its first index: only the plan tells it from one that there is not. */
  private static Integer index(boolean isThere, int index, boolean isPlanned) {
    return isThere ? (Integer) index : isPlanned ? (Integer) 0 : null;
  }

  /** Null where the acquisition has no channels. */
  private static String channel(Coords coords, DataProvider provider) {
    int index = Math.max(0, coords.getC());
    String standIn = "channel " + index;
    SummaryMetadata summary = provider.getSummaryMetadata();
    String name = summary == null ? standIn : summary.getSafeChannelName(index);
    return coords.hasC() || !standIn.equals(name) ? name : null;
  }
}
