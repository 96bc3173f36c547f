package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.config.KvType;
import mobilellm.file.OutputFile;
import mobilellm.kernel.machine.Peaks;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// `mobilellm bench [MODEL…]`
@Command(
        description = {
            "Measures how fast a model runs here: loading, the first token, reading a prompt"
                + " (prefill) and writing (decode). Several runs after a warm-up; the median and"
                + " the extremes are told. Several models are measured in turns.",
            "",
            "The context is as long as the measurement needs, unless --context says otherwise."
        },
        footer = {
            "  mobilellm bench smollm2:135m --html speed.html",
            "  mobilellm bench smollm2:135m q4_0.gguf q8_0.gguf",
            "  mobilellm bench smollm2:135m --kernels vector,scalar --prefill 128 --decode 32"
                    + " --json"
        })
final class BenchVerb implements Verb {
    /// Two rounds in a row that differ by less are a stable rate.
    private static final double STABLE = 0.03;

    private static final int MOST_WARM_UP_ROUNDS = 12;
    private static final long MOST_WARM_UP_NANOS = 60_000_000_000L;
    private static final int WARM_UP_DECODE = 32;

    @Parameters(
            arity = "0..*",
            paramLabel = "MODEL",
            description = "the model; several are measured in turns")
    List<String> names = List.of();

    @Option(
            names = "--prefill",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "length of the prompt in tokens (default: 512)")
    int prefill = 512;

    @Option(
            names = "--decode",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "tokens to generate (default: 128)")
    int decode = 128;

    @Option(
            names = "--depth",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "tokens in the cache before those that are timed (default: none)")
    int depth;

    @Option(
            names = "--runs",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "measured runs of each kind (default: 5)")
    int runs = 5;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            split = ",",
            converter = KernelConverter.class,
            description = "auto, vector or scalar; several are measured in turns: vector,scalar")
    List<String> kernels = List.of("auto");

    @Option(
            names = "--streams",
            paramLabel = "N",
            split = ",",
            converter = Converters.Streams.class,
            description = "also measure the decoding of so many sequences at once: 1,2,4,8,16")
    List<Integer> streams = List.of();

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "write a page with the roofline and the operations")
    @Nullable Path html;

    @Option(names = "--force", description = "replace the page if it is there")
    boolean force;

    @Mixin ModelOptions modelOptions = new ModelOptions();
    @Mixin EngineOptions engine = new EngineOptions();

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        kernels.forEach(ModelLoader::checkKernels);
        List<Models.Located> models = locate(new Models(context));
        if (modelOptions.context == null) {
            modelOptions.context =
                    Math.max(BenchSubject.LEAST_CONTEXT, Math.max(prefill, depth + decode + 1));
        }
        if (html == null) {
            bench(context, models);
            return;
        }
        Path[] sources = models.stream().map(Models.Located::path).toArray(Path[]::new);
        try (OutputFile file = OutputFile.create(html, force, sources)) {
            String page = bench(context, models);
            file.write(page);
            file.commit();
        }
    }

    private List<Models.Located> locate(Models models) throws IOException, InterruptedException {
        boolean yes = modelOptions.download.yes;
        if (names.isEmpty()) {
            return List.of(models.locate(null, yes));
        }
        List<Models.Located> located = new ArrayList<>();
        for (String name : names) {
            located.add(models.locate(name, yes));
        }
        return located;
    }

    /// Measures and prints.
    ///
    /// @return the same as a page
    private String bench(Context context, List<Models.Located> models)
            throws IOException, InterruptedException {
        List<BenchSubject> subjects = new ArrayList<>();
        try {
            long firstToken = 0;
            for (Models.Located located : models) {
                for (String kernel : kernels) {
                    subjects.add(subject(context, located, kernel));
                    firstToken = firstToken == 0 ? System.currentTimeMillis() : firstToken;
                }
            }
            subjects.forEach(subject -> warmUp(context.notes(), subject));
            // Before and after, the better counts: other users of the machine's memory come and go.
            SortedMap<Long, Peaks> peaks = new TreeMap<>();
            measurePeaks(context.notes(), subjects, peaks);
            measure(context.notes(), subjects);
            subjects.forEach(subject -> measureStreams(context.notes(), subject));
            context.notes().transientLine("measuring what the time goes to …");
            subjects.forEach(subject -> subject.measureOperations(prefill, depth, decode));
            measurePeaks(context.notes(), subjects, peaks);
            BenchReport report =
                    new BenchReport(
                            engine.threads(),
                            prefill,
                            depth,
                            decode,
                            Machine.sinceStart(firstToken),
                            peaks,
                            subjects);
            context.notes().clearTransientLine();
            report.print(context);
            return BenchPage.of(report, LocalDateTime.now(ZoneId.systemDefault()));
        } finally {
            subjects.forEach(subject -> subject.model().close());
        }
    }

    /// @param peaks by the bytes that a token reads; takes the better of what it has and what is measured
    private void measurePeaks(Notes notes, List<BenchSubject> subjects, Map<Long, Peaks> peaks) {
        notes.transientLine("measuring what the processor can do …");
        subjects.stream()
                .mapToLong(subject -> subject.traffic().bytes())
                .distinct()
                .forEach(
                        bytes ->
                                Peaks.measure(engine.threads(), bytes)
                                        .ifPresent(now -> peaks.merge(bytes, now, Peaks::best)));
    }

    private BenchSubject subject(Context context, Models.Located located, String kernel)
            throws IOException {
        long start = System.nanoTime();
        MobileLlm model = ModelLoader.load(context, located, modelOptions, engine, kernel);
        double loadMillis = (System.nanoTime() - start) / 1e6;
        Traffic traffic =
                Traffic.of(
                        model,
                        KvType.valueOf(engine.keyValueType.toUpperCase(Locale.ROOT)),
                        depth,
                        decode);
        return new BenchSubject(
                located.name(),
                title(located.name(), model.kernels()),
                model,
                traffic,
                loadMillis,
                engine.seed == null ? 0 : engine.seed);
    }

    /// Of a model and its kernels, what tells it from the others.
    private String title(String model, String kernel) {
        if (names.size() < 2) {
            return kernel;
        }
        return kernels.size() < 2 ? model : model + " " + kernel;
    }

    /// In turns: whatever else the machine does in these minutes hits all subjects alike.
    private void measure(Notes notes, List<BenchSubject> subjects) {
        for (int turn = 1; turn <= runs; turn++) {
            for (BenchSubject subject : subjects) {
                BenchSubject.Run run = subject.run(prefill, depth, decode);
                subject.runs().add(run);
                tell(notes, "run %d of %d".formatted(turn, runs), subject, run);
            }
        }
    }

    /// The same tokens in several sequences at once, all counts in turns.
    private void measureStreams(Notes notes, BenchSubject subject) {
        Map<Integer, List<Double>> rates = new LinkedHashMap<>();
        for (int count : streams) {
            subject.decodeTogether(count, Math.min(decode, WARM_UP_DECODE));
            rates.put(count, new ArrayList<>());
        }
        for (int turn = 1; turn <= runs; turn++) {
            for (var entry : rates.entrySet()) {
                int count = entry.getKey();
                double rate = subject.decodeTogether(count, decode);
                entry.getValue().add(rate);
                notes.note(
                        String.format(
                                Locale.ROOT,
                                "%s, run %d of %d, %d streams: decode %.1f tokens/s",
                                subject.title(),
                                turn,
                                runs,
                                count,
                                rate));
            }
        }
        rates.forEach(
                (count, all) ->
                        subject.together()
                                .put(
                                        count,
                                        Spread.of(
                                                all.stream()
                                                        .mapToDouble(Double::doubleValue)
                                                        .toArray())));
    }

    /// Runs until the compiler has nothing left to do: until two rounds in a row are equally fast.
    private void warmUp(Notes notes, BenchSubject subject) {
        long start = System.nanoTime();
        int roundTokens = Math.min(decode, WARM_UP_DECODE);
        BenchSubject.Run before = subject.run(prefill, 0, roundTokens);
        for (int round = 2;
                round <= MOST_WARM_UP_ROUNDS && System.nanoTime() - start < MOST_WARM_UP_NANOS;
                round++) {
            BenchSubject.Run run = subject.run(prefill, 0, roundTokens);
            tell(notes, "warm-up " + round, subject, run);
            if (isStable(before.prefill(), run.prefill())
                    && isStable(before.decode(), run.decode())) {
                return;
            }
            before = run;
        }
        notes.note(
                "the rate did not become stable in %d seconds: is the machine busy?"
                        .formatted((System.nanoTime() - start) / 1_000_000_000));
    }

    private static boolean isStable(double before, double now) {
        return Math.abs(now - before) < STABLE * before;
    }

    private static void tell(Notes notes, String what, BenchSubject subject, BenchSubject.Run run) {
        notes.note(
                String.format(
                        Locale.ROOT,
                        "%s, %s: prefill %.1f, decode %.1f tokens/s",
                        subject.title(),
                        what,
                        run.prefill(),
                        run.decode()));
    }
}
