package mobilellm.app;

import mobilellm.LoadOptions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

/// How many threads compute.
final class ThreadsOption {
    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            converter = Converters.Threads.class,
            description = "threads that compute (default: one per physical core)")
    @Nullable Integer threads;

    int count() {
        return threads == null ? LoadOptions.defaults().threads() : threads;
    }
}
