package mobilellm.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// A plot as SVG that is read without colours: lines, hollow and filled marks, and words. Both axes
/// go from 0 to 1; words beside them may say anything else.
final class Plot {
    private static final int SIZE = 260;
    private static final int LEFT = 54;
    private static final int TOP = 30;
    private static final int WIDTH = LEFT + SIZE + 20;
    private static final int HEIGHT = TOP + SIZE + 44;
    private static final int TICKS = 4;

    /// What a letter takes, wide fonts included, and a line.
    private static final int LETTER = 7;

    private static final int LINE = 13;

    private final StringBuilder shapes = new StringBuilder();
    private final List<Label> labels = new ArrayList<>();
    private final List<Box> taken = new ArrayList<>();

    private record Box(double left, double top, double right, double bottom) {
        boolean meets(Box other) {
            return left < other.right
                    && other.left < right
                    && top < other.bottom
                    && other.top < bottom;
        }
    }

    /// Words that begin or end at a place, or on a line above or below it.
    private record Label(double x, double y, String anchor, String words) {
        Box on(double line) {
            double left = anchor.equals("end") ? x - LETTER * words.length() : x;
            return new Box(left, line - LINE + 3, left + LETTER * words.length(), line + 3);
        }
    }

    /// @param x what the horizontal axis tells
    /// @param y what the vertical axis tells
    /// @param ticks words under the horizontal axis, evenly spaced from its beginning to its end
    Plot(String x, String y, List<String> ticks) {
        this(x, y, ticks, 1);
    }

    /// @param top the number at the end of the vertical axis
    Plot(String x, String y, List<String> ticks, double top) {
        this(x, y, ticks, numbers(top));
    }

    private static List<String> numbers(double top) {
        int digits = top < 1 ? 2 + (int) Math.ceil(-Math.log10(top)) : 2;
        // Longer numbers would leave the plot.
        String format = top < 0.01 || top >= 1000 ? "%.1e" : "%." + digits + "f";
        return IntStream.rangeClosed(0, TICKS)
                .mapToObj(i -> i == 0 ? "0" : String.format(Locale.ROOT, format, i * top / TICKS))
                .toList();
    }

    /// @param heights words beside the vertical axis, evenly spaced from its foot to its top
    Plot(String x, String y, List<String> ticks, List<String> heights) {
        line(0, 0, 1, 0, "axis");
        line(0, 0, 0, 1, "axis");
        for (int i = 0; i < heights.size(); i++) {
            double at = (double) i / (heights.size() - 1);
            line(0, at, 1, at, "grid");
            text(LEFT - 6, y(at) + 4, "end", heights.get(i));
        }
        for (int i = 0; i < ticks.size(); i++) {
            double at = ticks.size() == 1 ? 0.5 : (double) i / (ticks.size() - 1);
            text(x(at), TOP + SIZE + 16, "middle", ticks.get(i));
        }
        text(LEFT + SIZE / 2.0, TOP + SIZE + 34, "middle", x);
        text(LEFT - 6, TOP - 18, "start", y);
    }

    private static double x(double value) {
        return LEFT + SIZE * value;
    }

    private static double y(double value) {
        return TOP + SIZE * (1 - value);
    }

    private void text(double x, double y, String anchor, String text) {
        shapes.append(
                String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                        x,
                        y,
                        anchor,
                        Html.escape(text)));
    }

    Plot line(double x1, double y1, double x2, double y2, String kind) {
        shapes.append(
                String.format(
                        Locale.ROOT,
                        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                        kind,
                        x(x1),
                        y(y1),
                        x(x2),
                        y(y2)));
        return this;
    }

    /// A mark, with a bar for its uncertainty.
    Plot point(double x, double y, Interval interval) {
        return line(x, interval.low(), x, interval.high(), "bar").point(x, y);
    }

    /// A mark.
    Plot point(double x, double y) {
        shapes.append(
                String.format(
                        Locale.ROOT,
                        "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
                        x(x),
                        y(y)));
        return this;
    }

    /// A mark with its name, filled or hollow.
    Plot named(double x, double y, boolean filled, String name) {
        shapes.append(
                String.format(
                        Locale.ROOT,
                        "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>",
                        filled ? "mark" : "hollow",
                        x(x),
                        y(y)));
        taken.add(new Box(x(x) - 5, y(y) - 5, x(x) + 5, y(y) + 5));
        boolean isRoom = x(x) + 8 + LETTER * name.length() <= WIDTH;
        labels.add(new Label(x(x) + (isRoom ? 8 : -8), y(y) + 4, isRoom ? "start" : "end", name));
        return this;
    }

    /// Words that end at a place.
    Plot words(double x, double y, String words) {
        labels.add(new Label(x(x), y(y) - 4, "end", words));
        return this;
    }

    /// Writes words on the line nearest to their place where no others, and no mark, are in the way.
    private void write(Label label) {
        double wanted = Math.clamp(label.y, TOP - 4, TOP + SIZE - 4);
        double line =
                IntStream.range(0, 2 * SIZE / LINE)
                        .mapToDouble(i -> wanted + LINE * (i % 2 == 0 ? -i / 2 : i / 2 + 1))
                        .filter(each -> each >= TOP - 4 && each <= TOP + SIZE - 4)
                        .filter(each -> taken.stream().noneMatch(label.on(each)::meets))
                        .findFirst()
                        .orElse(wanted);
        taken.add(label.on(line));
        text(label.x, line, label.anchor, label.words);
    }

    String svg(String title) {
        labels.forEach(this::write);
        return "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">%s</svg>"
                .formatted(Html.escape(title), WIDTH, HEIGHT, WIDTH, HEIGHT, shapes);
    }
}
