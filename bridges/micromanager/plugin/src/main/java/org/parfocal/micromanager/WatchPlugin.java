package org.parfocal.micromanager;

import org.micromanager.MenuPlugin;
import org.micromanager.Studio;
import org.scijava.plugin.Plugin;
import org.scijava.plugin.SciJavaPlugin;

/** Watches acquisitions where that is switched on; its menu entry opens the window of all settings. */
@Plugin(type = MenuPlugin.class)
public final class WatchPlugin implements MenuPlugin, SciJavaPlugin {
  private Parfocal parfocal;

  @Override
  public void setContext(Studio studio) {
    parfocal = Parfocal.of(studio);
    studio.events().registerForEvents(new AcquisitionWatcher(parfocal));
  }

  @Override
  public String getSubMenu() {
    return "Acquisition Tools";
  }

  /** Called in the event thread of Swing. */
  @Override
  public void onPluginSelected() {
    SettingsWindow.show(parfocal);
  }

  @Override
  public String getName() {
    return "Parfocal: watch acquisitions";
  }

  @Override
  public String getHelpText() {
    return "Has every image of an acquisition judged by the Parfocal agent, and holds the settings of the autofocus.";
  }

  @Override
  public String getVersion() {
    return Parfocal.VERSION;
  }

  @Override
  public String getCopyright() {
    return Parfocal.COPYRIGHT;
  }
}
