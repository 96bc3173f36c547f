package mobilellm.app;

import mobilellm.quantisation.TensorComparison;
import mobilellm.quantisation.TensorDifference;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// What `compare-tensors` tells.
///
/// @param a name of the one model
/// @param b name of the other
record TensorReport(String a, String b, TensorComparison comparison) {
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.(?:weight|bias)");

    private static final String[] HEADINGS = {
        "tensor", "types", "relative rms", "rms", "largest", "at", "cosine"
    };

    private static final int MOST_TICKS = 8;

    void print(Context context, int top) {
        if (context.json()) {
            context.output().json(json());
            return;
        }
        List<TensorDifference> all = comparison.tensors();
        MarkdownTable table = new MarkdownTable(HEADINGS);
        all.stream().limit(top).forEach(one -> table.row(cells(one)));
        table.lines().forEach(context.output()::line);
        if (all.size() > top) {
            context.output().line("and %d tensors that are nearer".formatted(all.size() - top));
        }
        sentences().forEach(context.output()::line);
    }

    private static String[] cells(TensorDifference one) {
        return new String[] {
            Text.printable(one.name()),
            TypeConverter.name(one.typeA()) + " " + TypeConverter.name(one.typeB()),
            figure("%.5f", one.relativeRms()),
            figure("%.3e", one.rms()),
            figure("%.3e", one.largest()),
            String.valueOf(one.largestAt()),
            figure("%.6f", one.cosine())
        };
    }

    private static String figure(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }

    private double sum(ToDoubleFunction<TensorDifference> of) {
        return comparison.tensors().stream().mapToDouble(of).sum();
    }

    /// Over all weights that both have.
    private double relativeRms() {
        double squares = sum(TensorDifference::squares);
        return squares == 0 ? 0 : Math.sqrt(squares / sum(TensorDifference::squaresA));
    }

    private List<String> sentences() {
        List<String> lines = new ArrayList<>();
        List<TensorDifference> all = comparison.tensors();
        lines.add(
                "all weights: relative rms %s; %d of %d tensors are equal"
                        .formatted(
                                figure("%.5f", relativeRms()),
                                all.stream().filter(one -> one.squares() == 0).count(),
                                all.size()));
        for (TensorDifference one : all) {
            one.nonFiniteA().ifPresent(at -> lines.add(broken("A", one, at)));
            one.nonFiniteB().ifPresent(at -> lines.add(broken("B", one, at)));
        }
        for (TensorComparison.Shapes each : comparison.shapes()) {
            lines.add(
                    "different shapes: %s is %s in A and %s in B"
                            .formatted(Text.printable(each.name()), each.a(), each.b()));
        }
        comparison.onlyInA().forEach(name -> lines.add("only in A: " + Text.printable(name)));
        comparison.onlyInB().forEach(name -> lines.add("only in B: " + Text.printable(name)));
        return lines;
    }

    private static String broken(String model, TensorDifference one, long at) {
        return "%s is broken: element %d of tensor %s is NaN or infinite; such elements are left out"
                .formatted(model, at, Text.printable(one.name()));
    }

    private Map<String, Object> json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("relative_rms", relativeRms());
        object.put("tensors", comparison.tensors().stream().map(TensorReport::json).toList());
        List<Map<String, Object>> shapes = new ArrayList<>();
        for (TensorComparison.Shapes each : comparison.shapes()) {
            shapes.add(
                    Map.of(
                            "name",
                            each.name(),
                            "a",
                            each.a().toString(),
                            "b",
                            each.b().toString()));
        }
        object.put("different_shapes", shapes);
        object.put("only_in_a", comparison.onlyInA());
        object.put("only_in_b", comparison.onlyInB());
        return object;
    }

    private static Map<String, Object> json(TensorDifference one) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", one.name());
        object.put("shape", one.shape().toString());
        object.put(
                "types", List.of(TypeConverter.name(one.typeA()), TypeConverter.name(one.typeB())));
        object.put("max", one.largest());
        object.put("max_at", one.largestAt());
        object.put("rms", one.rms());
        if (Double.isFinite(one.relativeRms())) {
            object.put("relative_rms", one.relativeRms());
        }
        object.put("cosine", one.cosine());
        one.nonFiniteA().ifPresent(at -> object.put("non_finite_a", at));
        one.nonFiniteB().ifPresent(at -> object.put("non_finite_b", at));
        return object;
    }

    /// A page with plots over the depth, one for each kind of tensor and all of one scale, and a table of all tensors.
    String html() {
        StringBuilder page = new StringBuilder();
        sentences().forEach(line -> page.append("<p>%s</p>\n".formatted(Html.escape(line))));
        plots(page);
        page.append("<table><tr>");
        for (String heading : HEADINGS) {
            page.append("<th>").append(heading).append("</th>");
        }
        page.append("</tr>\n");
        for (TensorDifference one : comparison.tensors()) {
            String[] cells = cells(one);
            page.append("<tr>");
            for (int i = 0; i < cells.length; i++) {
                page.append(i < 2 ? "<td>" : "<td class=\"n\">")
                        .append(Html.escape(cells[i]))
                        .append("</td>");
            }
            page.append("</tr>\n");
        }
        page.append("</table>\n");
        return Html.page("Weights of %s, compared with %s".formatted(b, a), page);
    }

    private void plots(StringBuilder page) {
        Map<String, TreeMap<Integer, Double>> kinds = new TreeMap<>();
        double top = 0;
        for (TensorDifference one : comparison.tensors()) {
            Matcher name = BLOCK.matcher(one.name());
            if (name.matches() && Double.isFinite(one.relativeRms())) {
                kinds.computeIfAbsent(name.group(2), _ -> new TreeMap<>())
                        .put(Integer.parseInt(name.group(1)), one.relativeRms());
                top = Math.max(top, one.relativeRms());
            }
        }
        kinds.values().removeIf(values -> values.values().stream().allMatch(value -> value == 0));
        if (kinds.isEmpty()) {
            return;
        }
        page.append("<h2>Relative root mean square difference, block by block</h2>\n");
        double scale = top;
        kinds.forEach((kind, values) -> Html.figure(page, plot(kind, values, scale), kind));
    }

    private static String plot(String kind, TreeMap<Integer, Double> values, double top) {
        int last = Math.max(1, values.lastKey());
        int step = Math.ceilDiv(last, MOST_TICKS);
        List<String> ticks =
                IntStream.rangeClosed(0, last)
                        .mapToObj(block -> block % step == 0 ? String.valueOf(block) : "")
                        .toList();
        Plot plot = new Plot("block", "relative rms", ticks, top);
        values.forEach(
                (block, value) -> {
                    double x = (double) block / last;
                    Map.Entry<Integer, Double> before = values.lowerEntry(block);
                    if (before != null) {
                        plot.line(
                                (double) before.getKey() / last,
                                before.getValue() / top,
                                x,
                                value / top,
                                "path");
                    }
                    plot.point(x, value / top);
                });
        return plot.svg("relative rms of " + kind);
    }
}
