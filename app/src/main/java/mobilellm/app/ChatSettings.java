package mobilellm.app;

import mobilellm.GenerationOptions;
import mobilellm.sampling.SamplingOptions;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// How the answers of a conversation are made; `/set` changes it between two answers.
///
/// Each answer has its own seed, counted up from the first: the same conversation with the same seed goes the same way,
/// and yet asking again gives another answer.
final class ChatSettings {
    private GenerationOptions options;
    private long nextSeed;

    /// @param options of the first answer, with its seed
    ChatSettings(GenerationOptions options) {
        this.options = options;
        nextSeed = options.sampling().seed();
    }

    /// The options of the next answer.
    GenerationOptions next() {
        SamplingOptions sampling = options.sampling().toBuilder().seed(nextSeed++).build();
        return options.toBuilder().sampling(sampling).build();
    }

    /// Changes one setting; the others and, where the value is refused, this one too stay as they are.
    ///
    /// @param name of an option of the command line, without the dashes
    /// @throws IllegalArgumentException if there is no such setting, or it cannot have this value
    void set(String name, String value) {
        GenerationOptions.Builder changed = options.toBuilder();
        SamplingOptions.Builder sampling = options.sampling().toBuilder();
        try {
            switch (name) {
                case "max-tokens" -> changed.maxTokens(Integer.parseInt(value));
                case "temperature" -> sampling.temperature(Double.parseDouble(value));
                case "top-k" -> sampling.topK(Integer.parseInt(value));
                case "top-p" -> sampling.topP(Double.parseDouble(value));
                case "min-p" -> sampling.minP(Double.parseDouble(value));
                case "typical-p" -> sampling.typicalP(Double.parseDouble(value));
                case "repeat-penalty" -> sampling.repeatPenalty(Double.parseDouble(value));
                case "repeat-last-n" -> sampling.repeatLastN(Integer.parseInt(value));
                case "frequency-penalty" -> sampling.frequencyPenalty(Double.parseDouble(value));
                case "presence-penalty" -> sampling.presencePenalty(Double.parseDouble(value));
                case "seed" -> nextSeed = Long.parseLong(value);
                default ->
                        throw new IllegalArgumentException(
                                "there is no setting '%s'; there are %s"
                                        .formatted(
                                                Text.printable(name),
                                                String.join(", ", all().keySet())));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    name + ": expected a number, got '" + Text.printable(value) + "'", e);
        }
        options = changed.sampling(sampling.build()).build();
    }

    private Map<String, Object> all() {
        SamplingOptions sampling = options.sampling();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("max-tokens", options.maxTokens());
        all.put("temperature", sampling.temperature());
        all.put("top-k", sampling.topK());
        all.put("top-p", sampling.topP());
        all.put("min-p", sampling.minP());
        all.put("typical-p", sampling.typicalP());
        all.put("repeat-penalty", sampling.repeatPenalty());
        all.put("repeat-last-n", sampling.repeatLastN());
        all.put("frequency-penalty", sampling.frequencyPenalty());
        all.put("presence-penalty", sampling.presencePenalty());
        all.put("seed", nextSeed);
        return all;
    }

    /// `max-tokens 512, temperature 0.8, …`
    String describe() {
        return all().entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }
}
