package org.parfocal.testserver;

import org.micromanager.AutofocusManager;
import org.micromanager.AutofocusPlugin;
import org.micromanager.Studio;
import org.micromanager.acquisition.AcquisitionManager;

/** What a client needs of Studio: its acquisition can be paused, its autofocus method run. */
public final class FakeStudio implements Studio {
  private final Bench bench;

  FakeStudio(Bench bench) {
    this.bench = bench;
  }

  @Override
  public AcquisitionManager acquisitions() {
    return new Acquisitions(bench);
  }

  @Override
  public AutofocusManager getAutofocusManager() {
    return new Autofocus(bench);
  }

  /** The acquisition of the state {@code running}. */
  public static final class Acquisitions implements AcquisitionManager {
    private final Bench bench;

    Acquisitions(Bench bench) {
      this.bench = bench;
    }

    @Override
    public boolean isAcquisitionRunning() {
      bench.enter("isAcquisitionRunning");
      return bench.running;
    }

    @Override
    public boolean isPaused() {
      return bench.paused;
    }

    @Override
    public void setPause(boolean state) {
      bench.enter("setPause");
      bench.pauses.add(state);
      bench.paused = state;
    }
  }

  /** One method, which finds focus but for {@code autofocusErrorUm}. */
  public static final class Autofocus implements AutofocusManager, AutofocusPlugin {
    private final Bench bench;

    Autofocus(Bench bench) {
      this.bench = bench;
    }

    @Override
    public AutofocusPlugin getAutofocusMethod() {
      return bench.studioAutofocus ? this : null;
    }

    @Override
    public String getName() {
      return "Test autofocus";
    }

    @Override
    public double fullFocus() throws Exception {
      bench.enterChecked("studioFullFocus");
      bench.moveTo(bench.focusUm + bench.autofocusErrorUm);
      return 1;
    }
  }
}
