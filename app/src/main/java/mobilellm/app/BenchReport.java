package mobilellm.app;

import mobilellm.OperationCost;
import mobilellm.OperationCost.Work;
import mobilellm.kernel.machine.Peaks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;

/// What `bench` found, for people and for programs.
///
/// @param threads that computed
/// @param prefill tokens of the prompt
/// @param depth tokens that were in the cache before
/// @param decode tokens that were made
/// @param startToFirstTokenMillis from the start of the JVM to the first token of the first subject
/// @param peaks of the processor by the bytes that a token reads, the fewest first; empty where machine code cannot run
/// @param subjects in the order of the command line
record BenchReport(
        int threads,
        int prefill,
        int depth,
        int decode,
        long startToFirstTokenMillis,
        SortedMap<Long, Peaks> peaks,
        List<BenchSubject> subjects) {

    /// `prefill 512`
    String prefillTitle() {
        return "prefill " + prefill;
    }

    /// `decode 128`, `decode 128 after 2000`
    String decodeTitle() {
        return "decode " + decode + (depth == 0 ? "" : " after " + depth);
    }

    /// The names of all models.
    String models() {
        return subjects.stream()
                .map(BenchSubject::modelName)
                .distinct()
                .collect(Collectors.joining(", "));
    }

    Optional<Peaks> peaks(BenchSubject subject) {
        return Optional.ofNullable(peaks.get(subject.traffic().bytes()));
    }

    /// Tokens a second that reading memory alone allows.
    static double bound(BenchSubject subject, Peaks measured) {
        return measured.weightBytes() / subject.traffic().bytes();
    }

    /// Of [#bound].
    static double share(BenchSubject subject, Peaks measured) {
        return subject.spread(BenchSubject.Run::decode).median() / bound(subject, measured);
    }

    void print(Context context) {
        if (context.json()) {
            context.output().json(json());
        } else {
            BenchText.of(this).forEach(context.output()::line);
        }
    }

    private Map<String, Object> json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("model", subjects.getFirst().modelName());
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
            for (OperationCost cost : subject.operations()) {
                Map<String, Object> object = of(subject);
                object.put("name", cost.name());
                object.put("decode_share", cost.decode().share());
                object.put("prefill_share", cost.prefill().share());
                object.put("decode", work(cost.decode(), peaks(subject)));
                object.put("prefill", work(cost.prefill(), peaks(subject)));
                all.add(object);
            }
        }
        return all;
    }

    private static Map<String, Object> work(Work work, Optional<Peaks> peaks) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("seconds", work.seconds());
        object.put("model_bytes", work.modelBytes());
        object.put("activation_bytes", work.activationBytes());
        object.put("int8_operations", work.int8Operations());
        object.put("f32_operations", work.floatOperations());
        peaks.flatMap(measured -> Roofline.of(work, measured))
                .ifPresent(
                        roofline -> {
                            object.put("bound", roofline.bound().word());
                            object.put("per_second", roofline.rate());
                            object.put("bound_share", roofline.share());
                        });
        return object;
    }

    /// For each subject and number of sequences; empty where none was asked for.
    private List<Object> streams() {
        List<Object> all = new ArrayList<>();
        for (BenchSubject subject : subjects) {
            subject.together()
                    .forEach(
                            (count, spread) -> {
                                Map<String, Object> object = of(subject);
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
                Map<String, Object> object = of(subject);
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
        Map<String, Object> object = of(subject);
        object.put("prefill_tps", subject.spread(BenchSubject.Run::prefill).json());
        object.put("decode_tps", subject.spread(BenchSubject.Run::decode).json());
        object.put("bytes_per_token", subject.traffic().bytes());
        peaks(subject)
                .ifPresent(measured -> object.put("memory_bound_share", share(subject, measured)));
        return object;
    }

    /// An object about a subject, so far with what tells it from the others.
    private static Map<String, Object> of(BenchSubject subject) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("model", subject.modelName());
        object.put("kernels", subject.model().kernels());
        return object;
    }

    /// Of the first subject.
    private Map<String, Object> roofline() {
        BenchSubject subject = subjects.getFirst();
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("threads", threads);
        object.put("weight_bytes_per_token", subject.traffic().weights());
        object.put("bytes_per_token", subject.traffic().bytes());
        peaks(subject)
                .ifPresent(
                        measured -> {
                            object.put("int8_operations_per_second", measured.int8Operations());
                            object.put("f32_operations_per_second", measured.floatOperations());
                            object.put("l1_bytes_per_second", measured.l1Bytes());
                            object.put("l2_bytes_per_second", measured.l2Bytes());
                            object.put("memory_bytes", Peaks.MEMORY_BYTES);
                            object.put("memory_bytes_per_second", measured.memoryBytes());
                            object.put("read_bytes", measured.weights());
                            object.put("read_bytes_per_second", measured.weightBytes());
                            object.put("decode_tps", bound(subject, measured));
                            object.put("share", share(subject, measured));
                        });
        return object;
    }
}
