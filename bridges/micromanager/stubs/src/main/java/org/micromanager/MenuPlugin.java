package org.micromanager;

/** A plug-in with an entry in the menu Plugins. */
public interface MenuPlugin extends MMPlugin {
  String getSubMenu();

  void onPluginSelected();
}
