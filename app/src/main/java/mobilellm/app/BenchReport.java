package mobilellm.app;

import mobilellm.OperationShare;
import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;
import mobilellm.config.Precision;
import mobilellm.kernel.Kernels;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `bench` found, for people and for programs.
///
/// @param model its name
/// @param threads that computed
/// @param keyValueType element type of the key/value cache
/// @param prefill tokens of the prompt
/// @param depth tokens that were in the cache before
/// @param decode tokens that were made
/// @param startToFirstTokenMillis from the start of the JVM to the first token of the first subject
/// @param readBytesPerSecond what the threads can read from memory
/// @param subjects in the order of the command line
record BenchReport(
        String model,
        int threads,
        KvType keyValueType,
        int prefill,
        int depth,
        int decode,
        long startToFirstTokenMillis,
        double readBytesPerSecond,
        List<BenchSubject> subjects) {

    /// Bytes that a token reads: every weight once, and the keys and values of those before it, on average.
    private long bytesPerToken() {
        return weightBytesPerToken() + (depth + decode / 2L) * keyValueBytesPerPosition();
    }

    private long weightBytesPerToken() {
        return subjects.getFirst().model().bytesPerToken();
    }

    private long keyValueBytesPerPosition() {
        ModelConfig config = subjects.getFirst().model().config();
        long numbers = 2L * config.plan().visits().size() * config.keyValueWidth();
        return keyValueType.type().bytes(numbers);
    }

    /// Tokens a second that reading memory alone allows.
    private double bound() {
        return readBytesPerSecond / bytesPerToken();
    }

    private double share(BenchSubject subject) {
        return subject.spread(BenchSubject.Run::decode).median() / bound();
    }

    void print(Context context) {
        if (context.json()) {
            context.output().json(json());
        } else {
            text().forEach(context.output()::line);
        }
    }

    private Map<String, Object> json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("model", model);
        Machine.processor().ifPresent(processor -> object.put("cpu", processor));
        object.put("java", System.getProperty("java.runtime.version"));
        object.put("prefill", prefill);
        object.put("depth", depth);
        object.put("decode", decode);
        object.put("start_to_first_token_ms", startToFirstTokenMillis);
        object.put("runs", runs());
        object.put("summary", subjects.stream().map(this::summary).toList());
        object.put("streams", streams());
        object.put("operations", operations());
        object.put("roofline", roofline());
        return object;
    }

    private List<Object> operations() {
        List<Object> all = new ArrayList<>();
        for (BenchSubject subject : subjects) {
            for (OperationShare share : subject.operations()) {
                Map<String, Object> object = new LinkedHashMap<>();
                object.put("kernels", subject.model().kernels());
                object.put("name", share.name());
                object.put("decode_share", share.decode());
                object.put("prefill_share", share.prefill());
                all.add(object);
            }
        }
        return all;
    }

    /// For each subject and number of sequences; empty where none was asked for.
    private List<Object> streams() {
        List<Object> all = new ArrayList<>();
        for (BenchSubject subject : subjects) {
            subject.together()
                    .forEach(
                            (count, spread) -> {
                                Map<String, Object> object = new LinkedHashMap<>();
                                object.put("kernels", subject.model().kernels());
                                object.put("count", count);
                                object.put("decode_tps", spread.median());
                                object.put("minimum", spread.minimum());
                                object.put("maximum", spread.maximum());
                                all.add(object);
                            });
        }
        return all;
    }

    /// Turn by turn, as they were measured.
    private List<Object> runs() {
        List<Object> all = new ArrayList<>();
        for (int turn = 0; turn < subjects.getFirst().runs().size(); turn++) {
            for (BenchSubject subject : subjects) {
                BenchSubject.Run run = subject.runs().get(turn);
                Map<String, Object> object = new LinkedHashMap<>();
                object.put("kernels", subject.model().kernels());
                object.put("precision", subject.model().precision().word());
                object.put("threads", threads);
                object.put("prefill_tps", run.prefill());
                object.put("decode_tps", run.decode());
                object.put("load_ms", subject.loadMillis());
                object.put("first_token_ms", subject.firstTokenMillis());
                run.residentBytes().ifPresent(bytes -> object.put("rss_bytes", bytes));
                all.add(object);
            }
        }
        return all;
    }

    private Map<String, Object> summary(BenchSubject subject) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("kernels", subject.model().kernels());
        object.put("prefill_tps", subject.spread(BenchSubject.Run::prefill).json());
        object.put("decode_tps", subject.spread(BenchSubject.Run::decode).json());
        object.put("memory_bound_share", share(subject));
        return object;
    }

    private Map<String, Object> roofline() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("threads", threads);
        object.put("read_bytes_per_second", readBytesPerSecond);
        object.put("weight_bytes_per_token", weightBytesPerToken());
        object.put("bytes_per_token", bytesPerToken());
        object.put("decode_tps", bound());
        object.put("share", share(subjects.getFirst()));
        return object;
    }

    private static String precision(Precision precision) {
        return precision == Precision.NATIVE ? "" : "precision " + precision.word() + "; ";
    }

    private List<String> text() {
        List<String> lines = new ArrayList<>();
        lines.add(
                "%s; %s; threads: %d; %sJava %s"
                        .formatted(
                                Text.printable(model),
                                Machine.processor().orElse(System.getProperty("os.arch")),
                                threads,
                                precision(subjects.getFirst().model().precision()),
                                System.getProperty("java.runtime.version")));
        String prefillColumn = "prefill " + prefill;
        String decodeColumn = "decode " + decode + (depth == 0 ? "" : " after " + depth);
        lines.add(
                "%-9s %9s %12s   %-28s %-28s"
                        .formatted("kernels", "load", "first token", prefillColumn, decodeColumn)
                        .stripTrailing());
        for (BenchSubject subject : subjects) {
            lines.add(
                    String.format(
                                    Locale.ROOT,
                                    "%-9s %6.0f ms %9.0f ms   %-28s %-28s",
                                    subject.model().kernels(),
                                    subject.loadMillis(),
                                    subject.firstTokenMillis(),
                                    rate(subject.spread(BenchSubject.Run::prefill)),
                                    rate(subject.spread(BenchSubject.Run::decode)))
                            .stripTrailing());
        }
        for (BenchSubject subject : subjects) {
            subject.together()
                    .forEach(
                            (count, spread) ->
                                    lines.add(
                                            "%-9s %2d streams at once: decode %s"
                                                    .formatted(
                                                            subject.model().kernels(),
                                                            count,
                                                            rate(spread))));
        }
        lines.add(
                String.format(
                        Locale.ROOT,
                        "memory is read at %.1f GB/s (threads: %d), a token reads %s: at most %.1f"
                                + " tokens/s",
                        readBytesPerSecond / 1e9,
                        threads,
                        Text.bytes(bytesPerToken()),
                        bound()));
        for (BenchSubject subject : subjects) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "%s decodes at %.0f %% of that (%s)",
                            subject.model().kernels(),
                            100 * share(subject),
                            Kernels.of(subject.model().kernels()).why()));
        }
        subjects.forEach(subject -> addOperations(subject, lines));
        lines.add("start of the process to its first token: " + startToFirstTokenMillis + " ms");
        subjects.getLast()
                .runs()
                .getLast()
                .residentBytes()
                .ifPresent(bytes -> lines.add("memory of the process: " + Text.bytes(bytes)));
        return lines;
    }

    private static void addOperations(BenchSubject subject, List<String> lines) {
        lines.add("%-15s %9s %9s".formatted(subject.model().kernels(), "prefill", "decode"));
        for (OperationShare share : subject.operations()) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "  %-15s %5.1f %% %7.1f %%",
                            share.name(),
                            100 * share.prefill(),
                            100 * share.decode()));
        }
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
