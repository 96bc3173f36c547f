package mobilellm.app;

import mobilellm.evaluation.Divergence;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `perplexity --baseline` tells in the end: the model's perplexity, and how it differs from the baseline.
final class DivergenceReport {
    private DivergenceReport() {}

    static void print(Context context, Divergence divergence, PerplexityReport.Measured measured) {
        if (context.json()) {
            context.output().json(json(divergence, measured));
        } else {
            lines(divergence, measured).forEach(context.output()::line);
        }
    }

    private static Map<String, Object> json(
            Divergence divergence, PerplexityReport.Measured measured) {
        Map<String, Object> distribution = new LinkedHashMap<>();
        distribution.put("mean", divergence.mean());
        distribution.put("stderr", divergence.meanError());
        distribution.put("median", divergence.median());
        distribution.put("p90", divergence.percentile90());
        distribution.put("p99", divergence.percentile99());
        distribution.put("max", divergence.largest());
        Map<String, Object> object =
                new LinkedHashMap<>(PerplexityReport.json(divergence.model(), measured));
        object.put("kl", distribution);
        object.put("top1", divergence.top1());
        object.put("probability_difference_rms", divergence.probabilityDifference());
        object.put("baseline_perplexity", divergence.baseline().perplexity());
        object.put("loss_difference", divergence.lossDifference());
        object.put("loss_difference_stderr", divergence.lossDifferenceError());
        return object;
    }

    private static List<String> lines(Divergence divergence, PerplexityReport.Measured measured) {
        List<String> lines = new ArrayList<>(PerplexityReport.lines(divergence.model(), measured));
        lines.add(
                String.format(
                        Locale.ROOT,
                        "baseline: perplexity %.4f; the model's is %.4f times that (loss %+.5f ±"
                                + " %.5f)",
                        divergence.baseline().perplexity(),
                        divergence.perplexityRatio(),
                        divergence.lossDifference(),
                        divergence.lossDifferenceError()));
        lines.add(
                String.format(
                        Locale.ROOT,
                        "divergence: mean %.6f ± %.6f, median %.6f, 90 %% %.6f, 99 %% %.6f, largest"
                                + " %.4f",
                        divergence.mean(),
                        divergence.meanError(),
                        divergence.median(),
                        divergence.percentile90(),
                        divergence.percentile99(),
                        divergence.largest()));
        lines.add(
                String.format(
                        Locale.ROOT,
                        "same most probable token: %.2f %%; root mean square difference of the"
                                + " text's probabilities: %.3f %%",
                        100 * divergence.top1(),
                        100 * divergence.probabilityDifference()));
        return lines;
    }
}
