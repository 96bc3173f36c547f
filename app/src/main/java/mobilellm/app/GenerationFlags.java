package mobilellm.app;

import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.sampling.SamplingOptions;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;

/// Options that say what is generated and when it ends.
final class GenerationFlags {
    @Option(
            names = {"-n", "--max-tokens"},
            paramLabel = "N",
            description = "most tokens to generate (default: 512)")
    int maxTokens = GenerationOptions.defaults().maxTokens();

    @Mixin SamplingFlags sampling = new SamplingFlags();

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "end before this text; may be repeated")
    List<String> stop = List.of();

    @Option(names = "--ignore-eos", description = "go on when the model says that it is done")
    boolean ignoreEos;

    @Option(
            names = "--context-shift",
            description =
                    "go on when the context is full: forget the oldest half of it (without it, the"
                            + " answer ends)")
    boolean contextShift;

    /// The options, with the wanted seed. Where none is wanted one is chosen by chance and told, unless chance plays no
    /// part.
    ///
    /// @param logprobs alternatives to report for each token
    /// @throws UsageException if a value is out of range
    GenerationOptions options(EngineOptions engine, Notes notes, int logprobs) {
        GenerationOptions options = checked(logprobs);
        if (engine.seed == null && options.sampling().temperature() == 0) {
            return options;
        }
        SamplingOptions seeded = options.sampling().toBuilder().seed(engine.seed(notes)).build();
        return options.toBuilder().sampling(seeded).build();
    }

    /// The same options, with what the model recommends where the command line says nothing.
    GenerationOptions recommended(GenerationOptions options, MobileLlm model) {
        SamplingOptions base =
                model.recommendedSampling().toBuilder().seed(options.sampling().seed()).build();
        return options.toBuilder().sampling(sampling.over(base)).build();
    }

    private GenerationOptions checked(int logprobs) {
        try {
            return GenerationOptions.builder()
                    .maxTokens(maxTokens)
                    .sampling(sampling.over(SamplingOptions.defaults()))
                    .stop(stop)
                    .logprobs(logprobs)
                    .ignoreEos(ignoreEos)
                    .contextShift(contextShift)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }
}
