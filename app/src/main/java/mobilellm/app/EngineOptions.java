package mobilellm.app;

import mobilellm.config.Precision;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.security.SecureRandom;

/// Options of every verb that runs a model.
final class EngineOptions {
    @Mixin ThreadsOption threads = new ThreadsOption();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "start of the random numbers (default: by chance, and told on stderr)")
    @Nullable Long seed;

    @Option(
            names = "--kv",
            paramLabel = "TYPE",
            converter = KeyValueTypeConverter.class,
            description = "element type of the key/value cache: f16, f32 or q8_0 (default: f16)")
    String keyValueType = "f16";

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            converter = PrecisionConverter.class,
            description = {
                "native (default): as the file has its weights; f32: exact weights and"
                        + " activations;",
                "w8a8: 8 bits for both, one scale a row of weights and a token, as in the paper"
            })
    Precision precision = Precision.NATIVE;

    int threads() {
        return threads.count();
    }

    /// The wanted seed, else one by chance that is told, so that the run can be repeated.
    long seed(Notes notes) {
        if (seed != null) {
            return seed;
        }
        // 31 bits: short enough to be typed again.
        seed = (long) new SecureRandom().nextInt(Integer.MAX_VALUE);
        notes.note("seed " + seed);
        return seed;
    }
}
