package mobilellm.app;

import mobilellm.sampling.SamplingOptions;

import picocli.CommandLine.Option;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Options that say how the next token is chosen; [SamplingOptions] checks their values.
final class SamplingFlags {
    private static final SamplingOptions DEFAULTS = SamplingOptions.defaults();

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "0 always takes the most probable token, 1 leaves probabilities as they are"
                            + " (default: 0.8)")
    double temperature = DEFAULTS.temperature();

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "only the N most probable tokens; 0 is off (default: 40)")
    int topK = DEFAULTS.topK();

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description =
                    "only the most probable tokens that make up P together; 1 is off (default:"
                            + " 0.95)")
    double topP = DEFAULTS.topP();

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description =
                    "only tokens at least P times as probable as the first; 0 is off (default:"
                            + " 0.05)")
    double minP = DEFAULTS.minP();

    @Option(
            names = "--typical-p",
            paramLabel = "P",
            description =
                    "only the most typical tokens that make up P together; 1 is off (default: 1)")
    double typicalP = DEFAULTS.typicalP();

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            description = "divides the logits of recent tokens; 1 is off (default: 1)")
    double repeatPenalty = DEFAULTS.repeatPenalty();

    @Option(
            names = "--repeat-last-n",
            paramLabel = "N",
            description =
                    "how many tokens the penalties look back on; -1 is everything (default: 64)")
    int repeatLastN = DEFAULTS.repeatLastN();

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "taken from a logit for each recent occurrence (default: 0)")
    double frequencyPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "taken once from the logit of a recent token (default: 0)")
    double presencePenalty;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=X",
            split = ",",
            description = "added to the logit of a token id; -inf bans it; may be repeated")
    List<String> logitBias = List.of();

    /// The options, all but the seed.
    ///
    /// @throws UsageException if a value is out of range
    SamplingOptions options() {
        try {
            return SamplingOptions.builder()
                    .temperature(temperature)
                    .topK(topK)
                    .topP(topP)
                    .minP(minP)
                    .typicalP(typicalP)
                    .repeatPenalty(repeatPenalty)
                    .repeatLastN(repeatLastN)
                    .frequencyPenalty(frequencyPenalty)
                    .presencePenalty(presencePenalty)
                    .logitBias(biases())
                    .build();
        } catch (IllegalArgumentException e) {
            throw new UsageException("--" + e.getMessage());
        }
    }

    private Map<Integer, Double> biases() {
        Map<Integer, Double> biases = new HashMap<>();
        for (String entry : logitBias) {
            String[] parts = entry.split("=", -1);
            try {
                if (parts.length == 2) {
                    biases.put(Integer.valueOf(parts[0].strip()), bias(parts[1].strip()));
                    continue;
                }
            } catch (NumberFormatException e) {
                // Falls through: whatever is wrong with it, the sentence is the same.
            }
            throw new UsageException(
                    "--logit-bias: expected ID=X such as 42=-inf or 7=1.5, got '"
                            + Text.printable(entry)
                            + "'");
        }
        return biases;
    }

    private static double bias(String number) {
        return number.equals("-inf") ? Double.NEGATIVE_INFINITY : Double.parseDouble(number);
    }
}
