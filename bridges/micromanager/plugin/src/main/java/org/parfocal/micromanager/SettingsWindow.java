package org.parfocal.micromanager;

import java.awt.BorderLayout;
import java.awt.FlowLayout;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JFrame;
import javax.swing.JPanel;
import javax.swing.SwingWorker;
import javax.swing.Timer;

/** The window of all settings. Only to be used in the event thread of Swing. */
final class SettingsWindow extends JFrame {
  private static final long serialVersionUID = 1L;
  private static final int REFRESH_MS = 500;
  private static final long PROBE_MS = 3000;
  private static final Map<Parfocal, SettingsWindow> OPEN = new HashMap<>();

  private final transient Parfocal parfocal;
  private final SettingsPanel form;
  private final Timer refresh = new Timer(REFRESH_MS, event -> showConnection());

  private SettingsWindow(Parfocal parfocal) {
    super("Parfocal");
    this.parfocal = parfocal;
    form = new SettingsPanel(parfocal.settings());
    form.test.addActionListener(event -> test());
    JButton apply = new JButton("Apply");
    apply.addActionListener(event -> apply());
    JButton close = new JButton("Close");
    close.addActionListener(event -> setVisible(false));
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.TRAILING, 8, 0));
    buttons.setBorder(BorderFactory.createEmptyBorder(0, 0, 14, 12));
    buttons.add(close);
    buttons.add(apply);
    add(form, BorderLayout.CENTER);
    add(buttons, BorderLayout.SOUTH);
    getRootPane().setDefaultButton(apply);
    addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowClosing(WindowEvent event) {
            setVisible(false);
          }
        });
    showConnection();
    pack();
    setResizable(false);
    setLocationByPlatform(true);
  }

  /** Opens the window, or brings it to the front. */
  static SettingsWindow show(Parfocal parfocal) {
    SettingsWindow window = OPEN.computeIfAbsent(parfocal, SettingsWindow::new);
    parfocal.client();
    if (!window.isVisible()) {
      window.form.show(parfocal.settings());
    }
    window.setVisible(true);
    window.toFront();
    return window;
  }

  /** Looks at the connection only while somebody looks at the window. */
  @Override
  public void setVisible(boolean isVisible) {
    super.setVisible(isVisible);
    if (isVisible) {
      refresh.start();
    } else {
      refresh.stop();
    }
  }

  private void apply() {
    try {
      parfocal.use(form.read());
      parfocal.save();
      parfocal.client();
      showConnection();
    } catch (SettingException e) {
      // The form says what is wrong.
    }
  }

  private void showConnection() {
    FocusClient client = parfocal.clientIfAny();
    // After the goodbye of a shutdown nothing connects again.
    if (client != null) {
      show(ConnectionState.of(client));
    }
  }

  private void show(ConnectionState state) {
    form.connection.setText("\u25cf  " + state.text);
    form.connection.setForeground(state.color);
  }

  private void test() {
    Settings settings;
    try {
      settings = form.read();
    } catch (SettingException e) {
      return;
    }
    refresh.stop();
    form.test.setEnabled(false);
    form.connection.setText("asking \u2026");
    new SwingWorker<ConnectionState, Void>() {
      @Override
      protected ConnectionState doInBackground() {
        return ConnectionState.probe(settings.address, PROBE_MS, parfocal.log);
      }

      @Override
      protected void done() {
        form.test.setEnabled(true);
        try {
          show(get());
        } catch (InterruptedException | ExecutionException e) {
          parfocal.log.warn("the test of the connection failed", e);
        }
        // What it found stays for a while.
        refresh.setInitialDelay((int) PROBE_MS);
        refresh.restart();
      }
    }.execute();
  }
}
