package org.parfocal.micromanager;

import com.google.common.eventbus.Subscribe;
import org.micromanager.acquisition.AcquisitionStartedEvent;
import org.micromanager.events.ShutdownCommencingEvent;

/** Has every recorded image of every acquisition judged, while that is switched on. Registered on the Studio's bus. */
public final class AcquisitionWatcher {
  private final Parfocal parfocal;

  AcquisitionWatcher(Parfocal parfocal) {
    this.parfocal = parfocal;
  }

  /** Called in the thread that starts the acquisition. */
  @Subscribe
  public void acquisitionStarted(AcquisitionStartedEvent event) {
    try {
      TimePoints timePoints = new TimePoints(event.getDatastore());
      parfocal.begins(timePoints);
      event.getDatastore().registerForEvents(new FrameWatcher(parfocal, timePoints));
      if (parfocal.settings().isWatching) {
        parfocal.client();
      }
    } catch (Throwable e) {
      parfocal.log.warn("this acquisition is not watched", e);
    }
  }

  @Subscribe
  public void shutdownCommencing(ShutdownCommencingEvent event) {
    parfocal.disconnect();
  }
}
