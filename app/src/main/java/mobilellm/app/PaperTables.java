package mobilellm.app;

import mobilellm.config.Attention;
import mobilellm.config.FeedForward;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Rope;

import java.util.List;

/// Figures of the MobileLLM paper (Liu et al. 2024, arXiv 2402.14905) that follow from sizes alone, to be held against ours.
final class PaperTables {
    /// Tokens of the paper's tokenizer, Llama's.
    static final int VOCABULARY = 32_000;

    /// Depth against width (tables 11 and 12): embedding and head are two matrices.
    static final List<Row> DEPTH_AND_WIDTH =
            List.of(
                    new Row(4, 20, 1280, 163.2, 43.3),
                    new Row(6, 16, 1024, 142.6, 42.3),
                    new Row(8, 14, 896, 138.1, 43.0),
                    new Row(12, 12, 768, 134.1, 43.9),
                    new Row(18, 10, 640, 132.4, 43.9),
                    new Row(24, 9, 576, 132.4, 44.8),
                    new Row(30, 8, 512, 135.0, 44.8),
                    new Row(42, 7, 448, 134.6, 44.5),
                    new Row(62, 6, 384, 134.3, 44.7),
                    new Row(5, 32, 2048, 388.0, 47.1),
                    new Row(10, 24, 1536, 381.4, 48.6),
                    new Row(12, 22, 1408, 379.9, 49.1),
                    new Row(15, 20, 1280, 386.7, 48.7),
                    new Row(19, 18, 1152, 376.3, 48.8),
                    new Row(24, 16, 1024, 373.8, 49.4),
                    new Row(28, 15, 960, 371.1, 48.9),
                    new Row(32, 14, 896, 380.3, 49.8),
                    new Row(46, 12, 768, 374.7, 49.6),
                    new Row(66, 10, 640, 376.2, 49.5));

    /// Query and key/value heads (table 13) of 8 layers of 896 and of 15 layers of 1280.
    static final List<Heads> HEADS =
            List.of(
                    new Heads(16, 16, 44.6, 49.6),
                    new Heads(16, 8, 44.3, 48.5),
                    new Heads(16, 4, 44.7, 49.4),
                    new Heads(16, 2, 43.5, 47.5),
                    new Heads(16, 1, 43.7, 47.9),
                    new Heads(32, 32, 44.3, 48.6),
                    new Heads(32, 16, 43.8, 48.4),
                    new Heads(32, 8, 44.2, 48.4),
                    new Heads(32, 4, 44.0, 48.3),
                    new Heads(32, 2, 43.0, 47.7),
                    new Heads(32, 1, 43.1, 46.6),
                    new Heads(8, 8, 43.8, 49.3),
                    new Heads(8, 4, 44.0, 48.6),
                    new Heads(8, 2, 43.4, 48.3),
                    new Heads(8, 1, 43.8, 47.8));

    /// One head for the input and the output of 30 layers of 512 (table 1): parameters in millions, and percent saved.
    static final List<Figure> EMBEDDING_SHARING =
            List.of(
                    new Figure(
                            "30 layers of 512, not shared: parameters/M", millions(30, false), 135),
                    new Figure("shared: parameters/M", millions(30, true), 119),
                    new Figure("saved: parameters/M", saved(), 16),
                    new Figure("saved: %", 100 * saved() / millions(30, false), 11.8),
                    new Figure("32 layers, shared: parameters/M", millions(32, true), 125));

    private PaperTables() {}

    /// A row of the depth and width tables.
    ///
    /// @param parameters in millions, as printed
    /// @param score mean of eight zero-shot tasks, as printed
    record Row(int layers, int heads, int dim, double parameters, double score) {
        ModelConfig config() {
            return PaperTables.config(layers, dim, heads, heads, false);
        }

        double difference() {
            return config().parameters() / 1e6 - parameters;
        }
    }

    /// A cell of the head tables.
    ///
    /// @param smallScore of 8 layers of 896
    /// @param largeScore of 15 layers of 1280
    record Heads(int heads, int keyValueHeads, double smallScore, double largeScore) {
        ModelConfig small() {
            return config(8, 896, heads, keyValueHeads, false);
        }

        ModelConfig large() {
            return config(15, 1280, heads, keyValueHeads, false);
        }

        /// Percent fewer parameters than with as many key/value as query heads.
        static double saving(ModelConfig config) {
            long full =
                    config(
                                    config.layers(),
                                    config.hiddenSize(),
                                    config.heads(),
                                    config.heads(),
                                    config.tiedEmbedding())
                            .parameters();
            return 100.0 * (full - config.parameters()) / full;
        }
    }

    /// A figure of ours beside the paper's.
    record Figure(String name, double ours, double paper) {}

    /// Width of the feed-forward layer in the paper's models: 8/3 of the dim, rounded up to a multiple of 256.
    static int intermediateSize(int dim) {
        return Math.ceilDiv(8 * dim, 3 * 256) * 256;
    }

    static ModelConfig config(int layers, int dim, int heads, int keyValueHeads, boolean tied) {
        return new ModelConfig(
                "llama",
                layers,
                dim,
                new Attention(heads, keyValueHeads, dim / heads),
                new FeedForward(intermediateSize(dim)),
                VOCABULARY,
                2048,
                1e-5,
                new Rope(10_000),
                tied,
                LayerSharing.NONE);
    }

    private static double millions(int layers, boolean tied) {
        return config(layers, 512, 8, 8, tied).parameters() / 1e6;
    }

    private static double saved() {
        return millions(30, false) - millions(30, true);
    }
}
