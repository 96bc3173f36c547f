package mobilellm.app;

import mobilellm.MobileLlm;
import mobilellm.checkpoint.Checkpoint;
import mobilellm.config.ModelConfig;
import mobilellm.engine.LogitsListener;
import mobilellm.model.Reference;
import mobilellm.tokenizer.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;

/// Something that computes next-token logits at every position of a sequence.
interface LogitsSource extends AutoCloseable {
    /// Rows of logits that are in memory at once: 13 MB for a vocabulary of 50,000.
    int DEFAULT_CHUNK = 64;

    int vocabularySize();

    Tokenizer tokenizer();

    /// A text as ids: special tokens are parsed, and the token that begins a sequence comes first if the model wants it.
    default int[] encode(String text) {
        int[] ids = tokenizer().encode(text, true);
        if (!tokenizer().addBos()) {
            return ids;
        }
        int bos = tokenizer().bos().orElseThrow();
        return IntStream.concat(IntStream.of(bos), IntStream.of(ids)).toArray();
    }

    /// Computes all rows, from the first position to the last.
    ///
    /// @throws IllegalArgumentException if the sequence is empty or too long, or an id lies outside the vocabulary
    void compute(int[] ids, LogitsListener listener);

    @Override
    void close();

    /// The engine as it runs for every other verb.
    ///
    /// @param chunk positions to compute at once
    static LogitsSource engine(MobileLlm model, int chunk) {
        return new LogitsSource() {
            @Override
            public int vocabularySize() {
                return model.config().vocabularySize();
            }

            @Override
            public Tokenizer tokenizer() {
                return model.tokenizer();
            }

            @Override
            public void compute(int[] ids, LogitsListener listener) {
                model.logits(ids, chunk, listener);
            }

            @Override
            public void close() {
                model.close();
            }
        };
    }

    /// The same model in float64 and plain loops.
    static LogitsSource reference(Path path, ModelOptions options) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            ModelConfig config = options.apply(checkpoint.config());
            return of(new Reference(checkpoint.tensors(), config), config, checkpoint.tokenizer());
        }
    }

    private static LogitsSource of(Reference reference, ModelConfig config, Tokenizer tokenizer) {
        return new LogitsSource() {
            @Override
            public int vocabularySize() {
                return config.vocabularySize();
            }

            @Override
            public Tokenizer tokenizer() {
                return tokenizer;
            }

            @Override
            public void compute(int[] ids, LogitsListener listener) {
                if (ids.length == 0) {
                    throw new IllegalArgumentException("the sequence is empty");
                }
                double[][] rows = reference.logits(ids);
                float[] row = new float[config.vocabularySize()];
                for (int position = 0; position < rows.length; position++) {
                    for (int id = 0; id < row.length; id++) {
                        row[id] = (float) rows[position][id];
                    }
                    listener.onLogits(position, row);
                }
            }

            @Override
            public void close() {}
        };
    }
}
