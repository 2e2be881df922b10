package org.parfocal.micromanager;

import java.awt.Component;
import java.awt.Font;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Insets;
import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JSeparator;

/** Lays out a form: headings over rows of a label and fields. */
final class FormGrid {
  private static final int LABEL_GAP = 12;
  private static final int ROW_GAP = 6;
  private static final int SECTION_GAP = 14;

  final JPanel panel = new JPanel(new GridBagLayout());
  private int row;

  FormGrid() {
    panel.setBorder(BorderFactory.createEmptyBorder(12, 16, 8, 16));
  }

  void heading(String text) {
    JPanel line = new JPanel(new GridBagLayout());
    JLabel label = new JLabel(text);
    label.setFont(label.getFont().deriveFont(Font.BOLD));
    line.add(label, cell(0, 0, 1, 0, new Insets(0, 0, 0, 8)));
    line.add(new JSeparator(), cell(1, 0, 1, 1, new Insets(0, 0, 0, 0)));
    panel.add(line, cell(0, row, 2, 1, new Insets(row == 0 ? 0 : SECTION_GAP, 0, ROW_GAP, 0)));
    row++;
  }

  /** Fields side by side; a String among them is a word between two fields. */
  void row(String label, Object... fields) {
    panel.add(new JLabel(label), cell(0, row, 1, 0, new Insets(0, 0, ROW_GAP, LABEL_GAP)));
    Box line = Box.createHorizontalBox();
    for (Object field : fields) {
      if (line.getComponentCount() > 0) {
        line.add(Box.createHorizontalStrut(6));
      }
      line.add(field instanceof String ? new JLabel((String) field) : (Component) field);
    }
    line.add(Box.createHorizontalGlue());
    panel.add(line, cell(1, row, 1, 1, new Insets(0, 0, ROW_GAP, 0)));
    row++;
  }

  /** A component over the whole width. */
  void wide(JComponent component) {
    panel.add(component, cell(0, row, 2, 1, new Insets(2, 0, ROW_GAP, 0)));
    row++;
  }

  private static GridBagConstraints cell(int x, int y, int width, double weight, Insets insets) {
    return new GridBagConstraints(
        x, y, width, 1, weight, 0, GridBagConstraints.LINE_START, GridBagConstraints.HORIZONTAL, insets, 0, 0);
  }
}
