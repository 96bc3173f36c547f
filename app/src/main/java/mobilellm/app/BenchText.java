package mobilellm.app;

import mobilellm.OperationCost;
import mobilellm.OperationCost.Work;
import mobilellm.config.Precision;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.machine.Peaks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What `bench` found, for people.
final class BenchText {
    private final BenchReport report;
    private final List<String> lines = new ArrayList<>();

    private BenchText(BenchReport report) {
        this.report = report;
    }

    static List<String> of(BenchReport report) {
        BenchText text = new BenchText(report);
        text.addRates();
        text.addStreams();
        report.peaks().ifPresentOrElse(text::addPeaks, text::addWhyNoPeaks);
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
                        Text.printable(report.model()),
                        Machine.processor().orElse(System.getProperty("os.arch")),
                        report.threads(),
                        precision(report.subjects().getFirst().model().precision()),
                        System.getProperty("java.runtime.version")));
        add(
                String.format(
                        Locale.ROOT,
                        "%-9s %9s %12s   %-28s %-28s",
                        "kernels",
                        "load",
                        "first token",
                        report.prefillTitle(),
                        report.decodeTitle()));
        for (BenchSubject subject : report.subjects()) {
            add(
                    String.format(
                            Locale.ROOT,
                            "%-9s %6.0f ms %9.0f ms   %-28s %-28s",
                            subject.model().kernels(),
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
                                                    "%-9s %2d streams at once: decode %s",
                                                    subject.model().kernels(),
                                                    count,
                                                    rate(spread))));
        }
    }

    private void addPeaks(Peaks peaks) {
        add(
                String.format(
                        Locale.ROOT,
                        "peaks (threads: %d): int8 %.0f Gop/s, f32 %.0f Gop/s, L1 %.0f GB/s, L2"
                            + " %.0f GB/s, memory %.1f GB/s from %s, %.1f GB/s from %s read again"
                            + " and again",
                        peaks.threads(),
                        peaks.int8Operations() / 1e9,
                        peaks.floatOperations() / 1e9,
                        peaks.l1Bytes() / 1e9,
                        peaks.l2Bytes() / 1e9,
                        peaks.memoryBytes() / 1e9,
                        Text.bytes(Peaks.MEMORY_BYTES),
                        peaks.weightBytes() / 1e9,
                        Text.bytes(peaks.weights())));
        add(
                String.format(
                        Locale.ROOT,
                        "a token reads %s: at most %.1f tokens/s from such memory, %.1f from behind"
                                + " all caches",
                        Text.bytes(report.traffic().bytes()),
                        report.bound(peaks),
                        peaks.memoryBytes() / report.traffic().bytes()));
        for (BenchSubject subject : report.subjects()) {
            add(
                    String.format(
                            Locale.ROOT,
                            "%s decodes at %.0f %% of the first (%s)",
                            subject.model().kernels(),
                            100 * report.share(subject, peaks),
                            Kernels.of(subject.model().kernels()).why()));
        }
    }

    private void addWhyNoPeaks() {
        add("the processor's peaks are unknown: they are measured in machine code for x86-64");
    }

    private void addOperations(BenchSubject subject) {
        add(
                String.format(
                        Locale.ROOT,
                        "%-17s %-38s %s",
                        subject.model().kernels(),
                        report.prefillTitle(),
                        report.decodeTitle()));
        for (OperationCost cost : subject.operations()) {
            add(
                    String.format(
                            Locale.ROOT,
                            "  %-15s %-38s %s",
                            cost.name(),
                            work(cost.prefill()),
                            work(cost.decode())));
        }
    }

    private String work(Work work) {
        String share = String.format(Locale.ROOT, "%5.1f %%", 100 * work.share());
        return report.peaks()
                .flatMap(peaks -> Roofline.of(work, peaks))
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
