package mobilellm.app;

import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.OptionalInt;

/// Options of every verb that reads a model: what may be downloaded, and what overrides the file.
final class ModelOptions {
    @Mixin DownloadOption download = new DownloadOption();

    @Option(
            names = "--sharing",
            paramLabel = "STRATEGY:REPEATS:CACHE",
            converter = SharingConverter.class,
            description = {
                "layer sharing instead of what the file says, such as immediate:2:own or"
                        + " none:1:own",
                "STRATEGY: none, immediate, repeat-all-over, reverse; REPEATS: 1 to "
                        + LayerSharing.MAXIMUM_REPEATS
                        + "; CACHE: own, first-visit"
            })
    @Nullable LayerSharing sharing;

    @Option(
            names = "--context",
            paramLabel = "N",
            converter = Converters.PositiveInteger.class,
            description = "positions to make room for (default: what the model was trained for)")
    @Nullable Integer context;

    /// The config as the options want it.
    ModelConfig apply(ModelConfig config) {
        return sharing == null ? config : config.withSharing(sharing);
    }

    /// The wanted context length, empty for the model's own.
    OptionalInt context() {
        return context == null ? OptionalInt.empty() : OptionalInt.of(context);
    }
}
