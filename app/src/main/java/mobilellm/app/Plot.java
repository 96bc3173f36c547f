package mobilellm.app;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// A plot as SVG that is read without colours: lines, hollow and filled marks, and words. Both axes
/// go from 0 to 1; words beside them may say anything else.
final class Plot {
    private static final int SIZE = 260;
    private static final int LEFT = 54;
    private static final int TOP = 12;
    private static final int TICKS = 4;

    private final StringBuilder shapes = new StringBuilder();

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
        return IntStream.rangeClosed(0, TICKS)
                .mapToObj(i -> String.format(Locale.ROOT, "%." + digits + "f", i * top / TICKS))
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
        shapes.append(
                "<text class=\"label\" transform=\"translate(11 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>"
                        .formatted(TOP + SIZE / 2, Html.escape(y)));
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
        text(x(x) + 8, y(y) + 4, "start", name);
        return this;
    }

    /// Words that end at a place.
    Plot words(double x, double y, String words) {
        text(x(x), y(y) - 4, "end", words);
        return this;
    }

    String svg(String title) {
        return "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">%s</svg>"
                .formatted(
                        Html.escape(title),
                        LEFT + SIZE + 20,
                        TOP + SIZE + 44,
                        LEFT + SIZE + 20,
                        TOP + SIZE + 44,
                        shapes);
    }
}
