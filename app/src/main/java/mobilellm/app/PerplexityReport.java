package mobilellm.app;

import mobilellm.evaluation.Perplexity;
import mobilellm.evaluation.Windows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `perplexity` tells in the end.
final class PerplexityReport {
    private PerplexityReport() {}

    /// What was measured.
    ///
    /// @param tokens of the whole text
    /// @param count windows that were run
    record Measured(EvaluationText text, int tokens, Windows windows, int count) {}

    static void print(Context context, Perplexity result, Measured measured) {
        if (context.json()) {
            context.output().json(json(result, measured));
        } else {
            lines(result, measured).forEach(context.output()::line);
        }
    }

    static Map<String, Object> json(Perplexity result, Measured measured) {
        double words = result.perUnit(measured.tokens(), measured.text().words());
        double bytes = result.perUnit(measured.tokens(), measured.text().bytes());
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("perplexity", result.perplexity());
        object.put("stderr", result.perplexityError());
        object.put("loss", result.loss());
        if (Double.isFinite(words)) {
            object.put("word_perplexity", words);
        }
        object.put("byte_perplexity", bytes);
        object.put("bits_per_byte", result.bitsPerByte(measured.tokens(), measured.text().bytes()));
        object.put("tokens", result.tokens());
        object.put("windows", measured.count());
        object.put("window", measured.windows().length());
        object.put("stride", measured.windows().stride());
        return object;
    }

    static List<String> lines(Perplexity result, Measured measured) {
        return List.of(
                String.format(
                        Locale.ROOT,
                        "perplexity %.4f ± %.4f (loss %.5f)",
                        result.perplexity(),
                        result.perplexityError(),
                        result.loss()),
                String.format(
                        Locale.ROOT,
                        "word perplexity %.2f, byte perplexity %.4f, %.4f bits per byte",
                        result.perUnit(measured.tokens(), measured.text().words()),
                        result.perUnit(measured.tokens(), measured.text().bytes()),
                        result.bitsPerByte(measured.tokens(), measured.text().bytes())),
                "tokens predicted: %d, in %d windows of %d, stride %d"
                        .formatted(
                                result.tokens(),
                                measured.count(),
                                measured.windows().length(),
                                measured.windows().stride()));
    }
}
