package org.parfocal.micromanager;

import com.google.common.eventbus.Subscribe;
import org.micromanager.data.Coords;
import org.micromanager.data.DataProvider;
import org.micromanager.data.DataProviderHasNewImageEvent;
import org.micromanager.data.Image;
import org.micromanager.data.Metadata;
import org.micromanager.data.SummaryMetadata;

/** Has the images of one acquisition judged as they are recorded. Registered on the bus of its datastore. */
public final class FrameWatcher {
  private final Parfocal parfocal;
  private boolean saidUnfit;

  FrameWatcher(Parfocal parfocal) {
    this.parfocal = parfocal;
  }

  /** Called in the thread of the datastore's events, for one image after the other. Never waits, never throws. */
  @Subscribe
  public void imageRecorded(DataProviderHasNewImageEvent event) {
    try {
      Settings settings = parfocal.settings();
      if (settings.isWatching) {
        Image image = event.getImage();
        Pixels pixels = Pixels.copyOf(image.getRawPixels(), image.getWidth(), image.getHeight());
        parfocal.client().offer(pixels, describe(image, event.getDataProvider(), settings));
      }
    } catch (RuntimeException e) {
      if (!saidUnfit) {
        saidUnfit = true;
        parfocal.log.warn("images of this acquisition are not judged: " + e.getMessage(), e);
      }
    }
  }

  private static FrameHeader describe(Image image, DataProvider provider, Settings settings) {
    Coords coords = image.getCoords();
    Metadata metadata = image.getMetadata();
    String label = metadata.getPositionName("");
    Site site = Site.ofLabel(label == null || label.isEmpty() ? "Pos" + coords.getP() : label);
    FrameHeader header = new FrameHeader(site, 0, channel(coords, provider));
    header.timeIndex = coords.hasT() ? (Integer) coords.getT() : null;
    header.zIndex = coords.hasZ() ? (Integer) coords.getZ() : null;
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

  /** Null where the acquisition has no channels. */
  private static String channel(Coords coords, DataProvider provider) {
    String standIn = "channel " + coords.getC();
    SummaryMetadata summary = provider.getSummaryMetadata();
    String name = summary == null ? standIn : summary.getSafeChannelName(coords.getC());
    return coords.hasC() || !standIn.equals(name) ? name : null;
  }
}
