package mobilellm.app;

import picocli.CommandLine.Option;

/// Whether a model that is missing may be downloaded.
final class DownloadOption {
    @Option(
            names = {"-y", "--yes"},
            description = "download the model without asking")
    boolean yes;
}
