package org.micromanager;

/** Stands in for Micro-Manager's interface of this name. */
public interface AutofocusPlugin {
  String getName();

  double fullFocus() throws Exception;
}
