package mobilellm.app;

import java.util.ArrayList;
import java.util.List;

/// A table in Markdown whose columns also line up on a terminal. Columns of numbers are aligned to the right.
final class MarkdownTable {
    private final List<List<String>> rows = new ArrayList<>();

    MarkdownTable(String... headings) {
        rows.add(List.of(headings));
    }

    void row(String... cells) {
        rows.add(List.of(cells));
    }

    List<String> lines() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        boolean[] isNumber = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            isNumber[column] = rows.size() > 1;
            for (int row = 0; row < rows.size(); row++) {
                String cell = rows.get(row).get(column);
                widths[column] = Math.max(widths[column], Math.max(3, cell.length()));
                isNumber[column] &= row == 0 || isNumber(cell);
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("|");
            for (int column = 0; column < columns; column++) {
                String cell = row.get(column);
                String blank = " ".repeat(widths[column] - cell.length());
                line.append(isNumber[column] ? blank + cell : cell + blank).append('|');
            }
            lines.add(line.toString());
            if (lines.size() == 1) {
                lines.add(rule(widths, isNumber));
            }
        }
        return lines;
    }

    private static boolean isNumber(String cell) {
        return cell.isBlank() || cell.strip().matches("[-+]?[\\d,]+(\\.\\d+)?|N/A");
    }

    private static String rule(int[] widths, boolean[] isNumber) {
        StringBuilder line = new StringBuilder("|");
        for (int column = 0; column < widths.length; column++) {
            line.append("-".repeat(widths[column] - 1))
                    .append(isNumber[column] ? ':' : '-')
                    .append('|');
        }
        return line.toString();
    }
}
