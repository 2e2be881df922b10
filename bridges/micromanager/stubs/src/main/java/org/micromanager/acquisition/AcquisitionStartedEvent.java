package org.micromanager.acquisition;

import org.micromanager.MMEvent;
import org.micromanager.data.Datastore;

/** An acquisition begins. */
public interface AcquisitionStartedEvent extends MMEvent {
  Datastore getDatastore();
}
