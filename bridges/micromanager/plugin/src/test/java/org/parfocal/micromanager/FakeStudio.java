package org.parfocal.micromanager;

import com.google.common.eventbus.EventBus;
import java.util.Collections;
import java.util.HashMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mmcorej.CMMCore;
import org.micromanager.LogManager;
import org.micromanager.MultiStagePosition;
import org.micromanager.PositionList;
import org.micromanager.PositionListManager;
import org.micromanager.Studio;
import org.micromanager.UserProfile;
import org.micromanager.acquisition.AcquisitionManager;
import org.micromanager.events.EventManager;
import org.micromanager.propertymap.MutablePropertyMapView;

/** Stand-ins for what the bridge uses of Micro-Manager, around a {@link FakeCore}. */
public class FakeStudio implements Studio {
  final FakeCore core = new FakeCore();
  final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  final EventBus bus = new EventBus();
  final PositionList positions = new PositionList();
  Profile profile = new Profile();
  final Acquisitions acquisitions = new Acquisitions();

  /** Settings that move: limits of +-50 um, the optics of the beads. */
  static Settings settings(String address) throws SettingException {
    return Settings.initial().with(Setting.ADDRESS, address).with(Setting.Z_LOW, "-50").with(Setting.Z_HIGH, "50")
        .with(Setting.NA, Double.toString(Beads.NA)).with(Setting.DEADLINE, "10000");
  }

  void addPosition(String label, double xUm, double yUm) {
    MultiStagePosition position = new MultiStagePosition("XY", xUm, yUm, "Z", 0);
    position.setLabel(label);
    positions.addPosition(position);
  }

  boolean logged(String part) {
    synchronized (lines) {
      return lines.stream().anyMatch(line -> line.contains(part));
    }
  }

  @Override
  public CMMCore core() {
    return core;
  }

  @Override
  public LogManager logs() {
    return new LogManager() {
      @Override
      public void logMessage(String message) {
        lines.add(message);
      }

      @Override
      public void logError(Exception e, String message) {
        lines.add(message + " [" + e + "]");
      }
    };
  }

  @Override
  public AcquisitionManager acquisitions() {
    return acquisitions;
  }

  @Override
  public EventManager events() {
    return bus::register;
  }

  @Override
  public UserProfile profile() {
    return owner -> profile;
  }

  @Override
  public PositionListManager positions() {
    return () -> positions;
  }

  /** A user's profile of one class. */
  static final class Profile implements MutablePropertyMapView {
    final Map<String, String> kept = new HashMap<>();

    @Override
    public String getString(String key, String otherwise) {
      return kept.getOrDefault(key, otherwise);
    }

    @Override
    public MutablePropertyMapView putString(String key, String value) {
      kept.put(key, value);
      return this;
    }
  }

  /** The acquisition engine, as far as runnables go. */
  public static final class Acquisitions implements AcquisitionManager {
    final List<Runnable> runnables = new ArrayList<>();
    final List<List<Integer>> places = new ArrayList<>();
    volatile boolean isRunning;

    @Override
    public boolean isAcquisitionRunning() {
      return isRunning;
    }

    @Override
    public void attachRunnable(int frame, int position, int channel, int slice, Runnable runnable) {
      places.add(List.of(frame, position, channel, slice));
      runnables.add(runnable);
    }

    @Override
    public void clearRunnables() {
      runnables.clear();
      places.clear();
    }
  }
}
