package org.parfocal.micromanager;

import com.google.common.eventbus.EventBus;
import java.util.Map;
import org.micromanager.acquisition.AcquisitionStartedEvent;
import org.micromanager.data.Coords;
import org.micromanager.data.DataProvider;
import org.micromanager.data.DataProviderHasNewImageEvent;
import org.micromanager.data.Datastore;
import org.micromanager.data.SummaryMetadata;

/** The datastore of an acquisition: its events come over a bus of Guava's, as in Micro-Manager. */
class FakeStore implements Datastore {
  int failures;
  private final String name;
  private final EventBus bus = new EventBus((exception, context) -> failures++);
  private boolean hasChannels = true;
  /** Planned number of images along each axis (t, z, c, p); null if Micro-Manager does not say. An axis of 0 is missing. */
  Map<String, Integer> dimensions = Map.of("T", 3, "Z", 1, "C", 1, "P", 5);

  FakeStore(String name) {
    this.name = name;
  }

  AcquisitionStartedEvent started() {
    return () -> this;
  }

  void record(FakeImage image) {
    hasChannels = !image.isBare;
    bus.post(FakeImage.of(DataProviderHasNewImageEvent.class, method -> switch (method) {
      case "getImage" -> image.image();
      case "getDataProvider" -> (DataProvider) this;
      case "hashCode" -> 1;
      default -> throw new AssertionError(method);
    }));
  }

  @Override
  public SummaryMetadata getSummaryMetadata() {
    return new SummaryMetadata() {
      @Override
      public String getSafeChannelName(int index) {
        return !hasChannels ? "channel " + index : index == 0 ? "DAPI" : "GFP";
      }

      @Override
      public Coords getIntendedDimensions() {
        return dimensions == null ? null : FakeImage.of(Coords.class, method -> {
          int length = dimensions.getOrDefault(method.substring(3), 0);
          return method.startsWith("has") ? (Object) (length > 0) : length;
        });
      }
    };
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public void registerForEvents(Object listener) {
    bus.register(listener);
  }

  @Override
  public void close() {}
}
