package mobilellm.app;

import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.tensor.Tensor;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A [ModelReport] for people: sections of aligned lines.
final class InfoPage {
    private static final int LABEL_WIDTH = 20;
    private static final int LONGEST_VALUE = 80;
    private static final int LONGEST_LIST = 8;

    private final StringBuilder page = new StringBuilder();
    private final ModelReport report;

    private InfoPage(ModelReport report) {
        this.report = report;
    }

    static String of(ModelReport report, boolean withTensors) {
        InfoPage info = new InfoPage(report);
        info.file();
        info.architecture();
        info.weights();
        info.cache();
        info.memory();
        info.text();
        info.metadata();
        if (withTensors) {
            info.tensors();
        }
        return info.page.toString();
    }

    private void file() {
        section(report.name());
        // Whole, whatever its length: a path is there to be copied.
        append("file", Text.printable(report.file()), LABEL_WIDTH);
        line("format", report.format() + ", " + Text.bytes(report.bytes()));
    }

    private void architecture() {
        ModelConfig config = report.config();
        section("Architecture");
        line("name", config.architecture());
        line(
                "layers",
                "%d stored, %d executed".formatted(config.layers(), report.executedLayers()));
        line("layer sharing", sharing(config.sharing()));
        line("hidden size", Text.count(config.hiddenSize()));
        line("intermediate size", Text.count(config.intermediateSize()));
        line(
                "attention heads",
                "%d query, %d key/value, of %d"
                        .formatted(config.heads(), config.keyValueHeads(), config.headDim()));
        line(
                "vocabulary",
                Text.count(config.vocabularySize())
                        + (config.tiedEmbedding()
                                ? ", output head tied to the embedding"
                                : ", output head of its own"));
        line("context", Text.count(config.contextLength()));
        line("RoPE theta", number(config.rope().theta()));
        line("RMSNorm epsilon", number(config.rmsNormEpsilon()));
    }

    private static String sharing(LayerSharing sharing) {
        if (sharing.strategy() == LayerSharing.Strategy.NONE) {
            return "none";
        }
        return "%s, each block %d times, cache %s"
                .formatted(sharing.strategy().word(), sharing.repeats(), sharing.cache().word());
    }

    private void weights() {
        section("Weights");
        line(
                "parameters",
                "%s (%s without the embedding)"
                        .formatted(
                                Text.count(report.config().parameters()),
                                Text.count(report.parametersWithoutEmbedding())));
        line("bits per weight", String.format(Locale.ROOT, "%.2f", report.bitsPerWeight()));
        report.shares()
                .forEach(
                        (type, share) ->
                                line(
                                        type.name(),
                                        "%9s in %d %s"
                                                .formatted(
                                                        Text.bytes(share.bytes()),
                                                        share.tensors(),
                                                        share.tensors() == 1
                                                                ? "tensor"
                                                                : "tensors")));
    }

    private void cache() {
        section("Key/value cache");
        report.cacheBytesPerToken()
                .forEach(
                        (type, bytes) ->
                                line(
                                        type,
                                        "%9s a token, %9s for %s tokens"
                                                .formatted(
                                                        Text.bytes(bytes),
                                                        Text.bytes(bytes * report.context()),
                                                        Text.count(report.context()))));
    }

    private void memory() {
        section("Memory to run it");
        ModelReport.Memory memory = report.memory();
        line("weights", "%9s".formatted(Text.bytes(memory.weights())));
        line(
                "cache in f16",
                "%9s for %s tokens; taken as they come"
                        .formatted(Text.bytes(memory.cache()), Text.count(report.context())));
        line("working memory", "%9s, about".formatted(Text.bytes(memory.working())));
        line("together", "%9s, and Java itself".formatted(Text.bytes(memory.total())));
    }

    private void text() {
        section("Text");
        switch (report.tokenizer()) {
            case ModelReport.TokenizerReport.Usable usable -> {
                line("tokenizer", Text.count(usable.vocabulary()) + " tokens");
                line("begins with", begin(usable));
                line("ends with", String.join(" or ", usable.end()));
            }
            case ModelReport.TokenizerReport.Unusable unusable ->
                    line("tokenizer", "not usable: " + unusable.reason());
        }
        line("chat template", report.hasChatTemplate() ? "yes" : "none");
    }

    private static String begin(ModelReport.TokenizerReport.Usable tokenizer) {
        if (tokenizer.begin().isEmpty()) {
            return "no special token";
        }
        return tokenizer.begin() + (tokenizer.addsBegin() ? "" : ", not added to a text");
    }

    private void metadata() {
        section("Metadata");
        int width = report.metadata().keySet().stream().mapToInt(String::length).max().orElse(0);
        for (Map.Entry<String, Object> entry : report.metadata().entrySet()) {
            String value =
                    entry.getValue() instanceof List<?> list && list.size() > LONGEST_LIST
                            ? Text.count(list.size()) + " values"
                            : String.valueOf(entry.getValue());
            line(entry.getKey(), value, Math.min(width, 2 * LABEL_WIDTH));
        }
    }

    private void tensors() {
        section("Tensors");
        int width =
                report.tensors().stream()
                        .mapToInt(tensor -> tensor.name().length())
                        .max()
                        .orElse(0);
        for (Tensor tensor : report.tensors()) {
            String value =
                    "%-5s %14s %15s"
                            .formatted(
                                    tensor.type(),
                                    tensor.shape(),
                                    Text.count(tensor.data().byteSize()));
            line(tensor.name(), value, Math.min(width, 3 * LABEL_WIDTH));
        }
    }

    private void section(String heading) {
        page.append(page.isEmpty() ? "" : "\n").append(Text.printable(heading)).append('\n');
    }

    private void line(String label, String value) {
        line(label, value, LABEL_WIDTH);
    }

    private void line(String label, String value, int labelWidth) {
        append(
                Text.shortened(label, LONGEST_VALUE),
                Text.shortened(value, LONGEST_VALUE),
                labelWidth);
    }

    private void append(String label, String value, int labelWidth) {
        page.append("  ").append(label);
        page.append(" ".repeat(Math.max(0, labelWidth - label.length())));
        page.append("  ").append(value).append('\n');
    }

    /// Without a fraction where there is none: `100,000`, `1.0E-5`.
    private static String number(double value) {
        return value == Math.rint(value) ? Text.count((long) value) : String.valueOf(value);
    }
}
