package org.micromanager;

import org.micromanager.acquisition.AcquisitionManager;

/** Stands in for Micro-Manager's interface of this name, which no repository offers; only what a client needs. */
public interface Studio {
  AcquisitionManager acquisitions();

  AutofocusManager getAutofocusManager();
}
