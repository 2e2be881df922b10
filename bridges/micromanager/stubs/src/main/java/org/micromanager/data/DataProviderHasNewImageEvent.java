package org.micromanager.data;

import org.micromanager.MMEvent;

/** An image was put into a datastore. */
public interface DataProviderHasNewImageEvent extends MMEvent {
  Image getImage();

  DataProvider getDataProvider();
}
