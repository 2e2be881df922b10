package org.micromanager;

/** Stands in for Micro-Manager's interface of this name. */
public interface AutofocusManager {
  /** The chosen method, null if there is none. */
  AutofocusPlugin getAutofocusMethod();
}
