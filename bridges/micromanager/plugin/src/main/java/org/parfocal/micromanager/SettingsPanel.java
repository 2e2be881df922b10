package org.parfocal.micromanager;

import java.awt.Color;
import java.awt.Dimension;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JTextField;

/** The form of all settings. Only to be used in the event thread of Swing. */
final class SettingsPanel extends JPanel {
  private static final long serialVersionUID = 1L;
  private static final Color PROBLEM = new Color(0xB3261E);
  private static final String[] LOCK_TEXTS = {"do not move", "move its offset", "pause it for each move"};

  final JButton test = new JButton("Test connection");
  final JLabel connection = new JLabel(" ");
  private final Map<Setting, JComponent> fields = new EnumMap<>(Setting.class);
  private final JLabel note = new JLabel(" ");

  SettingsPanel(Settings settings) {
    FormGrid grid = new FormGrid();
    grid.heading("Agent");
    grid.row("Address", text(Setting.ADDRESS, 24), test);
    grid.row("Connection", connection);
    grid.row("Wait for a verdict", text(Setting.DEADLINE, 6), "ms at most");
    grid.row("Numerical aperture", text(Setting.NA, 5), "(0: as the agent is configured)");
    grid.heading("Where focus may go");
    grid.row("Limits of z", text(Setting.Z_LOW, 7), "to", text(Setting.Z_HIGH, 7), "\u00b5m");
    grid.row("Longest step", text(Setting.MAX_STEP, 7), "\u00b5m   (empty: any within the limits)");
    grid.heading("Hardware focus lock (PFS, CRISP \u2026)");
    grid.row("While it is on", choice(Setting.LOCK, LOCK_TEXTS));
    grid.row("Offset scale", text(Setting.OFFSET_SCALE, 7), "\u00b5m per unit of the offset device");
    grid.row("Limits of the offset", text(Setting.OFFSET_LOW, 7), "to", text(Setting.OFFSET_HIGH, 7), "\u00b5m");
    grid.row("Wait for it to hold", text(Setting.LOCK_TIMEOUT, 6), "ms at most");
    grid.heading("What it does");
    grid.wide(check(Setting.WATCH, "Watch acquisitions: have every recorded image judged"));
    grid.wide(check(Setting.DRY_RUN, "Dry run: judge and log, but move nothing"));
    grid.wide(note);
    add(grid.panel);
    show(settings);
    JComboBox<?> lock = (JComboBox<?>) fields.get(Setting.LOCK);
    lock.addActionListener(event -> enableLockFields());
    enableLockFields();
  }

  void show(Settings settings) {
    for (Setting setting : Setting.values()) {
      setText(setting, settings.text(setting));
    }
    note(settings);
  }

  /** What the form says, checked; the field that is wrong gets the cursor and the form says what is wrong. */
  Settings read() throws SettingException {
    Map<Setting, String> texts = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      texts.put(setting, text(setting));
    }
    try {
      Settings settings = Settings.read(texts);
      note(settings);
      return settings;
    } catch (SettingException e) {
      note.setForeground(PROBLEM);
      note.setText(e.getMessage());
      fields.get(e.setting).requestFocusInWindow();
      throw e;
    }
  }

  String text(Setting setting) {
    JComponent field = fields.get(setting);
    if (field instanceof JCheckBox) {
      return ((JCheckBox) field).isSelected() ? "yes" : "no";
    }
    if (field instanceof JComboBox) {
      return setting.choices[((JComboBox<?>) field).getSelectedIndex()];
    }
    return ((JTextField) field).getText();
  }

  void setText(Setting setting, String text) {
    JComponent field = fields.get(setting);
    if (field instanceof JCheckBox) {
      ((JCheckBox) field).setSelected(text.equalsIgnoreCase("yes"));
    } else if (field instanceof JComboBox) {
      ((JComboBox<?>) field).setSelectedIndex(LockHandling.ofWord(text.toLowerCase(Locale.ROOT)).ordinal());
    } else {
      ((JTextField) field).setText(text);
    }
  }

  /** What the form says about itself. */
  String note() {
    return note.getText();
  }

  boolean isEnabled(Setting setting) {
    return fields.get(setting).isEnabled();
  }

  private void note(Settings settings) {
    note.setForeground(new JLabel().getForeground());
    if (settings.zLimits == null) {
      note.setText("Without limits of z nothing is moved: images are judged only.");
    } else if (settings.lock == LockHandling.OFFSET && !settings.isOffsetUsable()) {
      note.setText("Without its scale and limits the offset of the lock is not moved.");
    } else {
      note.setText(" ");
    }
  }

  private void enableLockFields() {
    LockHandling handling = LockHandling.ofWord(text(Setting.LOCK));
    fields.get(Setting.OFFSET_SCALE).setEnabled(handling == LockHandling.OFFSET);
    fields.get(Setting.OFFSET_LOW).setEnabled(handling == LockHandling.OFFSET);
    fields.get(Setting.OFFSET_HIGH).setEnabled(handling == LockHandling.OFFSET);
    fields.get(Setting.LOCK_TIMEOUT).setEnabled(handling != LockHandling.NONE);
  }

  private JTextField text(Setting setting, int columns) {
    JTextField field = new JTextField(columns);
    field.setMaximumSize(new Dimension(field.getPreferredSize()));
    return add(setting, field);
  }

  private JCheckBox check(Setting setting, String text) {
    return add(setting, new JCheckBox(text));
  }

  private JComboBox<String> choice(Setting setting, String[] texts) {
    JComboBox<String> box = new JComboBox<>(texts);
    box.setMaximumSize(new Dimension(box.getPreferredSize()));
    return add(setting, box);
  }

  private <T extends JComponent> T add(Setting setting, T field) {
    field.setToolTipText(setting.help);
    fields.put(setting, field);
    return field;
  }
}
