package mobilellm.checkpoint;

import mobilellm.config.Rope;
import mobilellm.config.RopeScaling;
import mobilellm.file.Printable;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/// Reads the rotary embedding of a `config.json`: `rope_theta` with `rope_scaling`, or the newer `rope_parameters` with both.
final class RopeReader {
    /// By the paper of YaRN, and in Transformers.
    private static final double BETA_FAST = 32;

    private static final double BETA_SLOW = 1;

    private final Keys config;
    private final double defaultTheta;
    private final int contextLength;

    RopeReader(Keys config, double defaultTheta, int contextLength) {
        this.config = config;
        this.defaultTheta = defaultTheta;
        this.contextLength = contextLength;
    }

    Rope read() {
        OptionalDouble theta = config.optionalNumber("rope_theta");
        Optional<Keys> scaling = config.optionalObject("rope_scaling");
        Optional<Keys> parameters = config.optionalObject("rope_parameters");
        if (parameters.isPresent()) {
            if (scaling.isPresent() && !scaling.get().all().equals(parameters.get().all())) {
                throw config.malformed(
                        "rope_parameters", "is there beside 'rope_scaling', which says otherwise");
            }
            OptionalDouble inner = parameters.get().optionalNumber("rope_theta");
            if (theta.isPresent() && inner.isPresent() && !theta.equals(inner)) {
                throw config.malformed(
                        "rope_parameters", "has a 'rope_theta' beside another at the top");
            }
            theta = inner.isPresent() ? inner : theta;
            scaling = parameters;
        }
        return new Rope(
                theta.orElse(defaultTheta),
                scaling.map(this::scaling).orElse(new RopeScaling.None()));
    }

    private RopeScaling scaling(Keys keys) {
        String typeKey = keys.optionalString("rope_type").isPresent() ? "rope_type" : "type";
        String type = keys.optionalString(typeKey).orElse("default");
        keys.optionalString("type")
                .ifPresent(
                        old -> {
                            if (!old.equals(type)) {
                                throw keys.malformed("type", "differs from 'rope_type'");
                            }
                        });
        return switch (type) {
            case "default" -> {
                requireOnly(keys, Set.of());
                yield new RopeScaling.None();
            }
            case "linear" -> {
                requireOnly(keys, Set.of("factor"));
                yield new RopeScaling.Linear(number(keys, "factor"));
            }
            case "dynamic" -> {
                requireOnly(keys, Set.of("factor", "original_max_position_embeddings"));
                yield new RopeScaling.Dynamic(number(keys, "factor"), original(keys));
            }
            case "llama3" -> {
                requireOnly(
                        keys,
                        Set.of(
                                "factor",
                                "low_freq_factor",
                                "high_freq_factor",
                                "original_max_position_embeddings"));
                yield new RopeScaling.Llama3(
                        number(keys, "factor"),
                        number(keys, "low_freq_factor"),
                        number(keys, "high_freq_factor"),
                        keys.size("original_max_position_embeddings"));
            }
            case "yarn" -> yarn(keys);
            default ->
                    throw keys.unsupported(
                            typeKey,
                            "is %s; supported are default, linear, dynamic, llama3 and yarn"
                                    .formatted(Printable.quote(type)));
        };
    }

    private RopeScaling yarn(Keys keys) {
        requireOnly(
                keys,
                Set.of(
                        "factor",
                        "original_max_position_embeddings",
                        "beta_fast",
                        "beta_slow",
                        "attention_factor",
                        "truncate"));
        double factor = number(keys, "factor");
        return new RopeScaling.Yarn(
                factor,
                original(keys),
                keys.optionalNumber("beta_fast").orElse(BETA_FAST),
                keys.optionalNumber("beta_slow").orElse(BETA_SLOW),
                keys.optionalNumber("attention_factor")
                        .orElse(RopeScaling.Yarn.attentionFactor(factor)),
                keys.optionalFlag("truncate").orElse(true));
    }

    private int original(Keys keys) {
        return keys.optionalSize("original_max_position_embeddings").orElse(contextLength);
    }

    private static double number(Keys keys, String key) {
        return keys.optionalNumber(key).orElseThrow(() -> keys.missing(key));
    }

    private static void requireOnly(Keys keys, Set<String> understood) {
        for (Map.Entry<String, Object> entry : keys.all().entrySet()) {
            String key = entry.getKey();
            boolean known =
                    understood.contains(key)
                            || key.equals("rope_type")
                            || key.equals("type")
                            || key.equals("rope_theta")
                            || (key.equals("partial_rotary_factor")
                                    && entry.getValue() instanceof Number number
                                    && number.doubleValue() == 1);
            if (!known) {
                throw keys.unsupported(
                        Printable.line(key),
                        "(value %s) is not supported with this 'rope_type'"
                                .formatted(Printable.quote(entry.getValue().toString())));
            }
        }
    }
}
