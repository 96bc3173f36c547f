package mobilellm.bench;

import mobilellm.tokenizer.TrainedVocabulary;
import mobilellm.tokenizer.VocabularyPlan;
import mobilellm.tokenizer.VocabularyTrainer;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Learns a vocabulary from text files once, as a program would, and says what it took:
/// `java -cp ... mobilellm.bench.VocabularyBenchmark FORM SIZE THREADS TOKENIZER.json FILE...`, where FORM is the name of
/// a pre-tokenizer (`smollm`) or `sentencepiece`.
public final class VocabularyBenchmark {
    private VocabularyBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        VocabularyPlan.Form form =
                arguments[0].equals("sentencepiece")
                        ? new VocabularyPlan.SentencePiece(0.9995)
                        : new VocabularyPlan.ByteLevel(arguments[0]);
        var trainer =
                new VocabularyTrainer(
                        VocabularyPlan.of(form, Integer.parseInt(arguments[1])),
                        Integer.parseInt(arguments[2]));
        long start = System.nanoTime();
        long bytes = 0;
        for (int i = 4; i < arguments.length; i++) {
            Path file = Path.of(arguments[i]);
            trainer.count(file);
            bytes += Files.size(file);
        }
        long counted = System.nanoTime();
        TrainedVocabulary learnt = trainer.train();
        long trained = System.nanoTime();
        try (OutputStream target = Files.newOutputStream(Path.of(arguments[3]))) {
            learnt.writeJson(target);
        }
        System.out.printf(
                "%.1f MB counted in %s, %d tokens learnt in %s, %d missing%n",
                bytes / 1e6,
                Duration.ofMillis((counted - start) / 1_000_000),
                learnt.tokenizer().vocabularySize(),
                Duration.ofMillis((trained - counted) / 1_000_000),
                learnt.missing());
    }
}
