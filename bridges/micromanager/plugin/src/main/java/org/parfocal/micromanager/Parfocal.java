package org.parfocal.micromanager;

import java.util.IdentityHashMap;
import java.util.Map;
import org.micromanager.Studio;
import org.micromanager.UserProfile;

/** What the plug-ins of one Micro-Manager share: the settings, and one connection to the agent. */
final class Parfocal {
  /** In step with the pom, which the tests check. */
  static final String VERSION = "0.1.0";
  static final String COPYRIGHT = "Parfocal contributors, Apache License 2.0";
  private static final Map<Studio, Parfocal> ALL = new IdentityHashMap<>();

  final Log log;
  private final Studio studio;
  private UserProfile profile;
  /** As the profile had them when they were last read or saved. */
  private Settings kept;
  private Settings settings;
  private TimePoints timePoints;
  private FocusClient client;
  private String clientAddress;

  private Parfocal(Studio studio) {
    this.studio = studio;
    log = new StudioLog(studio);
  }

  static Parfocal of(Studio studio) {
    synchronized (ALL) {
      return ALL.computeIfAbsent(studio, Parfocal::new);
    }
  }

  /** Those of the profile in use: plug-ins are set up before the user has chosen one. */
  synchronized Settings settings() {
    followProfile();
    return settings;
  }

  /** Uses these settings from the next search on. */
  synchronized void use(Settings changed) {
    followProfile();
    settings = changed;
  }

  /** Keeps the settings for the next session. */
  synchronized void save() {
    followProfile();
    new SettingsStore(studio.profile()).save(settings);
    kept = settings;
  }

  /** With another profile, its settings; what was changed and not saved belongs to the one before. */
  private void followProfile() {
    UserProfile now = studio.profile();
    if (now == profile) {
      return;
    }
    profile = now;
    Settings read = new SettingsStore(now).load(log);
    if (kept == null || !read.texts().equals(kept.texts())) {
      settings = read;
      kept = read;
    }
  }

  /** The connection to the address of the settings; made when first asked for. */
  synchronized FocusClient client() {
    String address = settings().address;
    if (client == null || !address.equals(clientAddress)) {
      disconnect();
      clientAddress = address;
      client = new FocusClient(clientAddress, VERSION, log, this::observed, this::isAcquisitionRunning);
    }
    return client;
  }

  /** The connection if there is one; null after a goodbye. */
  synchronized FocusClient clientIfAny() {
    return client;
  }

  Microscope microscope() {
    return new Microscope(studio.core(), studio.positions());
  }

  /** An acquisition begins. */
  synchronized void begins(TimePoints acquisition) {
    timePoints = acquisition;
  }

  /** Of the acquisition that runs; null if none does, or it began before this plug-in. */
  synchronized TimePoints timePoints() {
    return isAcquisitionRunning() ? timePoints : null;
  }

  boolean isAcquisitionRunning() {
    return studio.acquisitions().isAcquisitionRunning();
  }

  /** Says {@code bye} to the agent; two seconds at most. */
  synchronized void disconnect() {
    if (client != null) {
      client.close();
      client = null;
    }
  }

  /** Disconnects and forgets the settings that were not saved. */
  void close() {
    disconnect();
    synchronized (ALL) {
      ALL.remove(studio);
    }
  }

  private void observed(FrameHeader header, Verdict verdict) {
    if (!verdict.decision.equals("accept")) {
      log.info(header.site + (header.channel == null ? "" : " " + header.channel) + ": " + verdict);
    }
  }
}
