package org.micromanager;

import mmcorej.CMMCore;
import org.micromanager.acquisition.AcquisitionManager;
import org.micromanager.events.EventManager;

/** The way to all of the application. */
public interface Studio {
  LogManager logs();

  AcquisitionManager acquisitions();

  CMMCore core();

  EventManager events();

  UserProfile profile();

  PositionListManager positions();
}
