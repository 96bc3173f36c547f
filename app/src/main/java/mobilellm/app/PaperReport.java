package mobilellm.app;

import mobilellm.config.Footprint;
import mobilellm.config.KvType;
import mobilellm.config.ModelConfig;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// [PaperTables] with our counts, for people and for programs.
final class PaperReport {
    private PaperReport() {}

    static void print(Context context) {
        if (context.json()) {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("rows", PaperTables.DEPTH_AND_WIDTH.stream().map(PaperReport::row).toList());
            object.put("heads", PaperTables.HEADS.stream().map(PaperReport::heads).toList());
            object.put(
                    "embedding_sharing",
                    PaperTables.EMBEDDING_SHARING.stream().map(PaperReport::figure).toList());
            context.output().json(object);
        } else {
            text(context.output());
        }
    }

    private static Map<String, Object> row(PaperTables.Row row) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("layers", row.layers());
        object.put("heads", row.heads());
        object.put("hidden_size", row.dim());
        object.put("intermediate_size", row.config().intermediateSize());
        object.put("parameters", row.config().parameters());
        object.put("paper_parameters", Math.round(row.parameters() * 1e6));
        object.put("difference", row.config().parameters() - Math.round(row.parameters() * 1e6));
        object.put("paper_score", row.score());
        return object;
    }

    private static Map<String, Object> heads(PaperTables.Heads row) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("heads", row.heads());
        object.put("kv_heads", row.keyValueHeads());
        object.put("small", heads(row.small(), row.smallScore()));
        object.put("large", heads(row.large(), row.largeScore()));
        return object;
    }

    private static Map<String, Object> heads(ModelConfig config, double score) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("layers", config.layers());
        object.put("hidden_size", config.hiddenSize());
        object.put("parameters", config.parameters());
        object.put("saved_percent", PaperTables.Heads.saving(config));
        object.put("kv_bytes_per_token", new Footprint(config).cacheBytesPerToken(KvType.F16));
        object.put("paper_score", score);
        return object;
    }

    private static Map<String, Object> figure(PaperTables.Figure figure) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("name", figure.name());
        object.put("ours", figure.ours());
        object.put("paper", figure.paper());
        object.put("difference", figure.ours() - figure.paper());
        return object;
    }

    private static void text(Output output) {
        output.line("Depth and width, embedding not shared (tables 11 and 12)");
        output.line("layers  heads   dim  hidden   ours/M  paper/M  difference   score");
        for (PaperTables.Row row : PaperTables.DEPTH_AND_WIDTH) {
            output.line(
                    String.format(
                            Locale.ROOT,
                            "%6d  %5d  %4d  %6d  %7.1f  %7.1f  %+10.2f  %6.1f",
                            row.layers(),
                            row.heads(),
                            row.dim(),
                            row.config().intermediateSize(),
                            row.config().parameters() / 1e6,
                            row.parameters(),
                            row.difference(),
                            row.score()));
        }
        output.line("");
        output.line(
                "Heads (table 13), counted with the embedding not shared; cache in f16 a token");
        output.line("              8 layers of 896                     15 layers of 1280");
        output.line("heads  kv   ours/M  saved    cache  score   ours/M  saved    cache  score");
        for (PaperTables.Heads row : PaperTables.HEADS) {
            output.line(
                    "%5d %3d  %s  %s"
                            .formatted(
                                    row.heads(),
                                    row.keyValueHeads(),
                                    cell(row.small(), row.smallScore()),
                                    cell(row.large(), row.largeScore())));
        }
        output.line("");
        output.line(
                "%-42s  %7s  %7s  %10s"
                        .formatted("Embedding sharing (table 1)", "ours", "paper", "difference"));
        figures(output, PaperTables.EMBEDDING_SHARING);
    }

    private static void figures(Output output, List<PaperTables.Figure> figures) {
        for (PaperTables.Figure figure : figures) {
            output.line(
                    String.format(
                            Locale.ROOT,
                            "%-42s  %7.2f  %7.1f  %+10.2f",
                            figure.name(),
                            figure.ours(),
                            figure.paper(),
                            figure.ours() - figure.paper()));
        }
    }

    private static String cell(ModelConfig config, double score) {
        return String.format(
                Locale.ROOT,
                "%7.1f %4.1f %% %8s %6.1f",
                config.parameters() / 1e6,
                PaperTables.Heads.saving(config),
                Text.bytes(new Footprint(config).cacheBytesPerToken(KvType.F16)),
                score);
    }
}
