package org.micromanager;

/** A plug-in with a name; {@code setContext} comes first, from the thread that loads plug-ins. */
public interface MMPlugin extends MMGenericPlugin {
  void setContext(Studio studio);

  String getName();

  String getHelpText();

  String getVersion();

  String getCopyright();
}
