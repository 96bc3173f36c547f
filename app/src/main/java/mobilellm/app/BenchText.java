package mobilellm.app;

import mobilellm.OperationCost;
import mobilellm.OperationCost.Work;
import mobilellm.config.Precision;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.machine.Peaks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What `bench` found, for people.
final class BenchText {
    private static final int LEAST_WIDTH = 9;

    private final BenchReport report;
    private final List<String> lines = new ArrayList<>();

    /// Columns of the subjects' titles.
    private final int width;

    private BenchText(BenchReport report) {
        this.report = report;
        width =
                report.subjects().stream()
                        .mapToInt(subject -> subject.title().length())
                        .reduce(LEAST_WIDTH, Math::max);
    }

    /// Text with as many columns as the longest title has.
    private String title(String text) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    static List<String> of(BenchReport report) {
        BenchText text = new BenchText(report);
        text.addRates();
        text.addStreams();
        report.peaks(report.subjects().getFirst())
                .ifPresentOrElse(text::addPeaks, text::addWhyNoPeaks);
        report.subjects().forEach(text::addOperations);
        text.addProcess();
        return text.lines;
    }

    private void add(String line) {
        lines.add(line.stripTrailing());
    }

    private static String precision(Precision precision) {
        return precision == Precision.NATIVE ? "" : "precision " + precision.word() + "; ";
    }

    private void addRates() {
        add(
                String.format(
                        Locale.ROOT,
                        "%s; %s; threads: %d; %sJava %s",
                        Text.printable(report.models()),
                        Machine.processor().orElse(System.getProperty("os.arch")),
                        report.threads(),
                        precision(report.subjects().getFirst().model().precision()),
                        System.getProperty("java.runtime.version")));
        add(
                String.format(
                        Locale.ROOT,
                        "%s %9s %12s   %-28s %-28s",
                        title(""),
                        "load",
                        "first token",
                        report.prefillTitle(),
                        report.decodeTitle()));
        for (BenchSubject subject : report.subjects()) {
            add(
                    String.format(
                            Locale.ROOT,
                            "%s %6.0f ms %9.0f ms   %-28s %-28s",
                            title(subject.title()),
                            subject.loadMillis(),
                            subject.firstTokenMillis(),
                            rate(subject.spread(BenchSubject.Run::prefill)),
                            rate(subject.spread(BenchSubject.Run::decode))));
        }
    }

    private void addStreams() {
        for (BenchSubject subject : report.subjects()) {
            subject.together()
                    .forEach(
                            (count, spread) ->
                                    add(
                                            String.format(
                                                    Locale.ROOT,
                                                    "%s %2d streams at once: decode %s",
                                                    title(subject.title()),
                                                    count,
                                                    rate(spread))));
        }
    }

    private void addPeaks(Peaks peaks) {
        add(
                String.format(
                        Locale.ROOT,
                        "peaks (threads: %d): int8 %.0f Gop/s, f32 %.0f Gop/s, L1 %.0f GB/s, L2"
                                + " %.0f GB/s, memory %.1f GB/s from %s",
                        peaks.threads(),
                        peaks.int8Operations() / 1e9,
                        peaks.floatOperations() / 1e9,
                        peaks.l1Bytes() / 1e9,
                        peaks.l2Bytes() / 1e9,
                        peaks.memoryBytes() / 1e9,
                        Text.bytes(Peaks.MEMORY_BYTES)));
        for (BenchSubject subject : report.subjects()) {
            report.peaks(subject).ifPresent(own -> addBound(subject, own));
        }
    }

    private void addBound(BenchSubject subject, Peaks peaks) {
        long bytes = subject.traffic().bytes();
        add(
                String.format(
                        Locale.ROOT,
                        "%s: a token reads %s, read again and again at %.1f GB/s: at most %.1f"
                                + " tokens/s (%.1f from behind all caches), of which %.0f %% are"
                                + " reached; %s",
                        subject.title(),
                        Text.bytes(bytes),
                        peaks.weightBytes() / 1e9,
                        BenchReport.bound(subject, peaks),
                        peaks.memoryBytes() / bytes,
                        100 * BenchReport.share(subject, peaks),
                        Kernels.of(subject.model().kernels()).why()));
    }

    private void addWhyNoPeaks() {
        add("the processor's peaks are unknown: they are measured in machine code for x86-64");
    }

    private void addOperations(BenchSubject subject) {
        add(
                String.format(
                        Locale.ROOT,
                        "%-17s %-38s %s",
                        subject.title(),
                        report.prefillTitle(),
                        report.decodeTitle()));
        for (OperationCost cost : subject.operations()) {
            add(
                    String.format(
                            Locale.ROOT,
                            "  %-15s %-38s %s",
                            cost.name(),
                            work(cost.prefill(), report.peaks(subject)),
                            work(cost.decode(), report.peaks(subject))));
        }
    }

    private static String work(Work work, Optional<Peaks> measured) {
        String share = String.format(Locale.ROOT, "%5.1f %%", 100 * work.share());
        return measured.flatMap(peaks -> Roofline.of(work, peaks))
                .map(roofline -> share + "  " + roofline.text())
                .orElse(share);
    }

    private void addProcess() {
        add(
                String.format(
                        Locale.ROOT,
                        "start of the process to its first token: %d ms",
                        report.startToFirstTokenMillis()));
        report.subjects()
                .getLast()
                .runs()
                .getLast()
                .residentBytes()
                .ifPresent(bytes -> add("memory of the process: " + Text.bytes(bytes)));
    }

    /// `98.1 tokens/s (97.0-99.2)`
    private static String rate(Spread spread) {
        return String.format(
                Locale.ROOT,
                "%.1f tokens/s (%.1f-%.1f)",
                spread.median(),
                spread.minimum(),
                spread.maximum());
    }
}
