package mobilellm.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Learns a BPE vocabulary from text (Sennrich et al. 2016): first texts are counted, as many as wanted and word by
/// word, so that memory grows with the number of different words only; then the vocabulary is learnt from the counts.
///
/// The result is the same for the same texts in any order and for any number of threads. Of pairs of neighbours that
/// occur equally often the one is merged whose left half has the smaller id, then the one whose right half has.
///
/// Not safe for use by several threads at once; it uses threads of its own.
public final class VocabularyTrainer {
    /// What a thread takes at a time, in characters.
    private static final int BATCH = 1 << 16;

    private final VocabularyPlan plan;
    private final Workers workers;
    private final VocabularyForm form;
    private final AddedTokens special;
    private final WordCounts counts = new WordCounts();

    /// A trainer that has counted nothing yet.
    ///
    /// @throws IllegalArgumentException if `threads` is less than 1
    public VocabularyTrainer(VocabularyPlan plan, int threads) {
        this.plan = plan;
        workers = new Workers(threads);
        form = VocabularyForm.of(plan.form());
        special =
                new AddedTokens(
                        IntStream.range(0, plan.specialTokens().size())
                                .mapToObj(
                                        id ->
                                                new AddedTokens.Token(
                                                        id, plan.specialTokens().get(id), true))
                                .toList());
    }

    /// Counts the words of texts, which are taken one after the other when a thread is free.
    public void count(Iterator<String> texts) {
        workers.each(_ -> counted(texts)).forEach(counts::addAll);
    }

    /// Counts the words of a text file, which is read in pieces. A line of more than 65,536 characters may be cut inside a
    /// word.
    ///
    /// @throws MalformedFileException if the file is not UTF-8
    public void count(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file, UTF_8)) {
            count(new TextChunks(reader));
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof CharacterCodingException) {
                throw new MalformedFileException(
                        file + " is not UTF-8; a text to learn from has to be", e);
            }
            throw e.getCause();
        }
    }

    /// Learns the vocabulary from what was counted.
    ///
    /// @throws IllegalArgumentException if the plan's size is less than the tokens there are before the first merge
    public TrainedVocabulary train() {
        return form.learn(plan, counts, workers);
    }

    private WordCounts counted(Iterator<String> texts) {
        WordCounts own = new WordCounts();
        IdList passedOver = new IdList(0);
        Stage.Sink words = (utf8, from, to, _) -> own.add(utf8, from, to, 1);
        Stage cut = form.words();
        Stage.Sink stretches = (utf8, from, to, first) -> cut.apply(utf8, from, to, first, words);
        Consumer<String> text =
                line -> {
                    byte[] utf8 = Utf8.encode(line);
                    special.cut(utf8, 0, utf8.length, true, true, passedOver, stretches);
                };
        for (List<String> batch = take(texts); !batch.isEmpty(); batch = take(texts)) {
            batch.stream().flatMap(form::texts).forEach(text);
        }
        return own;
    }

    private static List<String> take(Iterator<String> texts) {
        synchronized (texts) {
            List<String> batch = new ArrayList<>();
            for (int length = 0; length < BATCH && texts.hasNext(); ) {
                batch.add(texts.next());
                length += batch.getLast().length();
            }
            return batch;
        }
    }
}
