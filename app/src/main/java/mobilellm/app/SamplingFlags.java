package mobilellm.app;

import mobilellm.sampling.SamplingOptions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Options that say how the next token is chosen; [SamplingOptions] checks their values. What is not given, the model
/// recommends or [SamplingOptions#defaults()] has.
final class SamplingFlags {
    @Option(
            names = "--temperature",
            paramLabel = "T",
            description =
                    "0 always takes the most probable token, 1 leaves probabilities as they are"
                            + " (default: 0.8)")
    @Nullable Double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            description = "only the N most probable tokens; 0 is off (default: 40)")
    @Nullable Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description =
                    "only the most probable tokens that make up P together; 1 is off (default:"
                            + " 0.95)")
    @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description =
                    "only tokens at least P times as probable as the first; 0 is off (default:"
                            + " 0.05)")
    @Nullable Double minP;

    @Option(
            names = "--typical-p",
            paramLabel = "P",
            description =
                    "only the most typical tokens that make up P together; 1 is off (default: 1)")
    @Nullable Double typicalP;

    @Option(
            names = "--repeat-penalty",
            paramLabel = "X",
            description = "divides the logits of recent tokens; 1 is off (default: 1)")
    @Nullable Double repeatPenalty;

    @Option(
            names = "--repeat-last-n",
            paramLabel = "N",
            description =
                    "how many tokens the penalties look back on; -1 is everything (default: 64)")
    @Nullable Integer repeatLastN;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            description = "taken from a logit for each recent occurrence (default: 0)")
    @Nullable Double frequencyPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            description = "taken once from the logit of a recent token (default: 0)")
    @Nullable Double presencePenalty;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=X",
            split = ",",
            description = "added to the logit of a token id; -inf bans it; may be repeated")
    List<String> logitBias = List.of();

    /// What was given on the command line, over what the model recommends.
    ///
    /// @param base what holds where nothing was given; its seed stays
    /// @throws UsageException if a value is out of range
    SamplingOptions over(SamplingOptions base) {
        SamplingOptions.Builder options = base.toBuilder().logitBias(biases());
        set(temperature, options::temperature);
        set(topK, options::topK);
        set(topP, options::topP);
        set(minP, options::minP);
        set(typicalP, options::typicalP);
        set(repeatPenalty, options::repeatPenalty);
        set(repeatLastN, options::repeatLastN);
        set(frequencyPenalty, options::frequencyPenalty);
        set(presencePenalty, options::presencePenalty);
        try {
            return options.build();
        } catch (IllegalArgumentException e) {
            throw new UsageException("--" + e.getMessage());
        }
    }

    private static <T> void set(@Nullable T given, Consumer<T> option) {
        if (given != null) {
            option.accept(given);
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
