package mobilellm.app;

import mobilellm.OperationCost;
import mobilellm.OperationCost.Work;
import mobilellm.app.Roofline.Bound;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.machine.Peaks;

import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/// What `bench` found, as a page: rates, the roofline (Williams, Waterman and Patterson 2009) and what the time goes to.
final class BenchPage {
    /// The horizontal axis of the roofline, operations a byte: from 2^-2 to 2^14.
    private static final List<String> INTENSITIES = List.of("0.25", "4", "64", "1024", "16384");

    private static final double LEAST_LOG2 = -2;
    private static final double LOG2_WIDTH = 16;

    /// Powers of ten that the vertical axis spans.
    private static final int DECADES = 4;

    private final BenchReport report;
    private final StringBuilder page = new StringBuilder();

    private BenchPage(BenchReport report) {
        this.report = report;
    }

    /// @param now what to date it
    static String of(BenchReport report, LocalDateTime now) {
        BenchPage page = new BenchPage(report);
        page.addRun(now);
        page.addRates();
        report.peaks(report.subjects().getFirst()).ifPresent(page::addPeaks);
        for (BenchSubject subject : report.subjects()) {
            page.addOperations(subject, report.prefillTitle(), OperationCost::prefill);
            page.addOperations(subject, report.decodeTitle(), OperationCost::decode);
        }
        return Html.page("Speed of " + report.models(), page.page);
    }

    private void addRun(LocalDateTime now) {
        page.append("<table class=\"facts\">\n");
        addFact("processor", Machine.processor().orElse(System.getProperty("os.arch")));
        report.subjects().stream()
                .map(subject -> subject.model().kernels())
                .distinct()
                .forEach(kernels -> addFact("kernels " + kernels, Kernels.of(kernels).why()));
        addFact("threads", String.valueOf(report.threads()));
        addFact("date", now.truncatedTo(ChronoUnit.MINUTES).toString().replace('T', ' '));
        addFact("program", Version.text());
        Version.commit().ifPresent(commit -> addFact("commit", commit));
        page.append("</table>\n");
    }

    private void addFact(String name, String value) {
        Html.row(page, 2, List.of(Html.escape(name), Html.escape(Text.printable(value))));
    }

    private void addRates() {
        page.append("<h2>Rates</h2>\n<table>");
        Html.headings(
                page,
                List.of(
                        "",
                        "load, ms",
                        "first token, ms",
                        report.prefillTitle() + ", tokens/s",
                        report.decodeTitle() + ", tokens/s"));
        for (BenchSubject subject : report.subjects()) {
            Html.row(
                    page,
                    1,
                    List.of(
                            Html.escape(subject.title()),
                            whole(subject.loadMillis()),
                            whole(subject.firstTokenMillis()),
                            rate(subject.spread(BenchSubject.Run::prefill)),
                            rate(subject.spread(BenchSubject.Run::decode))));
            subject.together()
                    .forEach(
                            (count, spread) ->
                                    Html.row(
                                            page,
                                            1,
                                            List.of(
                                                    count + " streams at once",
                                                    "",
                                                    "",
                                                    "",
                                                    rate(spread))));
        }
        page.append("</table>\n<p>Medians, with the slowest and the fastest run.</p>\n");
    }

    private static String whole(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String rate(Spread spread) {
        return String.format(
                Locale.ROOT,
                "%.1f (%.1f – %.1f)",
                spread.median(),
                spread.minimum(),
                spread.maximum());
    }

    private void addPeaks(Peaks peaks) {
        page.append("<h2>What the processor can do</h2>\n<table>");
        Html.headings(page, List.of("all threads at once", "at most"));
        addPeak("int8 products, Gop/s", peaks.int8Operations());
        addPeak("f32 products, Gop/s", peaks.floatOperations());
        addPeak("reading from the L1, GB/s", peaks.l1Bytes());
        addPeak("reading from the L2, GB/s", peaks.l2Bytes());
        for (Peaks own : report.peaks().values()) {
            addPeak(
                    "reading %s again and again, GB/s".formatted(Text.bytes(own.weights())),
                    own.weightBytes());
        }
        addPeak(
                "reading %s, more than caches hold, GB/s".formatted(Text.bytes(Peaks.MEMORY_BYTES)),
                peaks.memoryBytes());
        page.append("</table>\n");
        for (BenchSubject subject : report.subjects()) {
            report.peaks(subject).ifPresent(own -> addRoofline(subject, own));
        }
    }

    private void addRoofline(BenchSubject subject, Peaks peaks) {
        page.append(
                String.format(
                        Locale.ROOT,
                        "<p>A token reads %s: at most %.1f tokens/s, of which %s reaches %.0f"
                                + " %%.</p>\n",
                        Text.bytes(subject.traffic().bytes()),
                        BenchReport.bound(subject, peaks),
                        Html.escape(subject.title()),
                        100 * BenchReport.share(subject, peaks)));
        Html.figure(
                page,
                roofline(subject, peaks),
                subject.title()
                        + ": filled marks are prefill, hollow ones decode. Solid: int8"
                        + " products, and what a token reads, again and again; dashed: f32"
                        + " products, and reading from behind all caches; dotted: the L2.");
    }

    private void addPeak(String name, double rate) {
        Html.row(page, 1, List.of(Html.escape(name), decimal(rate / 1e9)));
    }

    private String roofline(BenchSubject subject, Peaks peaks) {
        int top = (int) Math.ceil(Math.log10(peaks.int8Operations() / 1e9));
        List<String> heights = new ArrayList<>();
        for (int decade = top - DECADES; decade <= top; decade++) {
            heights.add(
                    decade < 0
                            ? String.valueOf(Math.pow(10, decade))
                            : whole(Math.pow(10, decade)));
        }
        Plot plot = new Plot("operations a byte", "Gop/s", INTENSITIES, heights);
        roof(plot, top, peaks.weightBytes(), peaks.int8Operations(), "path");
        roof(plot, top, peaks.memoryBytes(), peaks.floatOperations(), "ideal");
        roof(plot, top, peaks.l2Bytes(), peaks.int8Operations(), "chance");
        plot.words(1, height(peaks.int8Operations(), top), "int8");
        plot.words(1, height(peaks.floatOperations(), top), "f32");
        for (OperationCost cost : subject.operations()) {
            mark(plot, top, cost.prefill(), true, cost.name());
            mark(plot, top, cost.decode(), false, cost.name());
        }
        return plot.svg("roofline of " + subject.title());
    }

    /// The line `min(bytes * intensity, operations)`, from where it enters the plot.
    private static void roof(Plot plot, int top, double bytes, double operations, String kind) {
        double lowest = Math.pow(10, top - DECADES) * 1e9;
        double first = Math.max(Math.pow(2, LEAST_LOG2), lowest / bytes);
        double ridge = operations / bytes;
        plot.line(
                width(first),
                height(first * bytes, top),
                width(ridge),
                height(operations, top),
                kind);
        plot.line(width(ridge), height(operations, top), 1, height(operations, top), kind);
    }

    private static void mark(Plot plot, int top, Work work, boolean filled, String name) {
        double operations = work.int8Operations() + work.floatOperations();
        if (operations > 0 && work.modelBytes() > 0 && work.seconds() > 0) {
            plot.named(
                    Math.clamp(width(operations / work.modelBytes()), 0, 1),
                    Math.clamp(height(operations / work.seconds(), top), 0, 1),
                    filled,
                    name);
        }
    }

    private static double width(double intensity) {
        return (Math.log(intensity) / Math.log(2) - LEAST_LOG2) / LOG2_WIDTH;
    }

    private static double height(double operationsPerSecond, int top) {
        return (Math.log10(operationsPerSecond / 1e9) - top + DECADES) / DECADES;
    }

    private void addOperations(
            BenchSubject subject, String title, Function<OperationCost, Work> phase) {
        page.append("<h2>")
                .append(Html.escape(subject.title() + ", " + title))
                .append("</h2>\n<table>");
        Html.headings(
                page,
                List.of("operation", "", "of the time", "reached", "bound by", "of its peak", ""));
        for (OperationCost cost : subject.operations()) {
            Work work = phase.apply(cost);
            Optional<Roofline> roofline =
                    report.peaks(subject).flatMap(peaks -> Roofline.of(work, peaks));
            Html.row(
                    page,
                    2,
                    List.of(
                            cost.name(),
                            Html.bar(work.share()),
                            decimal(100 * work.share()) + " %",
                            roofline.map(Roofline::achieved).orElse(""),
                            roofline.map(Roofline::bound).map(Bound::word).orElse(""),
                            roofline.map(one -> whole(100 * one.share()) + " %").orElse(""),
                            roofline.map(one -> Html.bar(one.share())).orElse("")));
        }
        page.append("</table>\n");
    }
}
