package mobilellm.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// How text becomes words, and words symbols, in each of [VocabularyPlan]'s forms.
sealed interface VocabularyForm {
    static VocabularyForm of(VocabularyPlan.Form form) {
        return switch (form) {
            case VocabularyPlan.ByteLevel(String preTokenizer) ->
                    new ByteLevel(preTokenizer, PreTokenizer.named(preTokenizer).stage());
            case VocabularyPlan.SentencePiece(double coverage) -> new SentencePiece(coverage);
        };
    }

    /// The texts that are learnt from, each on its own.
    Stream<String> texts(String text);

    /// Cuts a text into words.
    Stage words();

    /// Learns the vocabulary.
    TrainedVocabulary learn(VocabularyPlan plan, WordCounts words, Workers workers);

    private static void addSpecial(VocabularyPlan plan, LearntTokens tokens) {
        plan.specialTokens().forEach(token -> tokens.add(token, LearntTokens.CONTROL));
    }

    private static OptionalInt id(Optional<String> token, LearntTokens tokens) {
        return token.map(tokens.texts()::indexOf).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    private static List<MergeLearner.Merge> merges(
            MergeLearner learner, LearntTokens tokens, VocabularyPlan plan, Workers workers) {
        if (tokens.size() > plan.size()) {
            throw new IllegalArgumentException(
                    "a vocabulary of %d tokens is too small: there are %d special tokens, bytes and characters before the first merge"
                            .formatted(plan.size(), tokens.size()));
        }
        return learner.learn(tokens, plan.size(), plan.minimumCount(), workers);
    }

    record ByteLevel(String preTokenizer, Stage words) implements VocabularyForm {
        @Override
        public Stream<String> texts(String text) {
            return Stream.of(text);
        }

        @Override
        public TrainedVocabulary learn(VocabularyPlan plan, WordCounts counts, Workers workers) {
            LearntTokens tokens = new LearntTokens(Integer.MAX_VALUE);
            addSpecial(plan, tokens);
            int[] idOfByte = new int[256];
            IntStream.range(0, 256)
                    .boxed()
                    .sorted(Comparator.comparingInt(ByteAlphabet::characterOf)) // GPT-2's order
                    .forEach(
                            value ->
                                    idOfByte[value] =
                                            tokens.add(
                                                    String.valueOf(ByteAlphabet.characterOf(value)),
                                                    LearntTokens.NORMAL));
            MergeLearner learner = new MergeLearner();
            counts.forEach(
                    (utf8, from, to, count) -> {
                        int[] word = new int[to - from];
                        for (int i = from; i < to; i++) {
                            word[i - from] = idOfByte[utf8[i] & 0xFF];
                        }
                        learner.add(word, word.length, count);
                    });
            List<String> merges =
                    merges(learner, tokens, plan, workers).stream()
                            .map(
                                    merge ->
                                            tokens.texts().get(merge.left())
                                                    + " "
                                                    + tokens.texts().get(merge.right()))
                            .toList();
            return new TrainedVocabulary.ByteLevel(
                    new BpeVocabulary(
                            tokens.texts(),
                            tokens.types(),
                            merges,
                            preTokenizer,
                            id(plan.bos(), tokens),
                            id(plan.eos(), tokens),
                            plan.addBos()),
                    plan.size() - tokens.size());
        }
    }

    record SentencePiece(double characterCoverage) implements VocabularyForm {
        /// SentencePiece's `max_sentencepiece_length`.
        private static final int LONGEST = 16;

        private static final SentencePieceVocabulary.Normalisation NORMALISATION =
                new SentencePieceVocabulary.Normalisation(new byte[0], true, false, true, false);

        private static final Stage WORDS =
                new SentencePieceNormaliser(
                                NORMALISATION, new ByteTrie(new byte[0][], new int[0]), true)
                        .then(
                                Split.isolating(
                                        "▁*[\\p{L}\\p{M}]+|▁*[^▁\\p{L}\\p{M}\\p{N}]+|▁+|\\p{N}"));

        @Override
        public Stream<String> texts(String text) {
            return text.lines();
        }

        @Override
        public Stage words() {
            return WORDS;
        }

        @Override
        public TrainedVocabulary learn(VocabularyPlan plan, WordCounts counts, Workers workers) {
            LearntTokens tokens = new LearntTokens(LONGEST);
            tokens.add(LearntTokens.UNKNOWN, LearntTokens.UNKNOWN_TYPE);
            addSpecial(plan, tokens);
            for (int value = 0; value < 256; value++) {
                tokens.add("<0x%02X>".formatted(value), LearntTokens.BYTE);
            }
            Map<Integer, Integer> idOfCharacter = new HashMap<>();
            for (int character : covered(counts)) {
                idOfCharacter.put(
                        character, tokens.add(Character.toString(character), LearntTokens.NORMAL));
            }
            MergeLearner learner = new MergeLearner();
            counts.forEach(
                    (utf8, from, to, count) -> {
                        int[] word = new int[to - from];
                        int length = 0;
                        for (int i = from; i < to; i += Utf8.length(utf8[i])) {
                            Integer id = idOfCharacter.get(Utf8.codePoint(utf8, i));
                            if (id == null) { // bytes are merged with nothing
                                learner.add(word, length, count);
                                length = 0;
                            } else {
                                word[length++] = id;
                            }
                        }
                        learner.add(word, length, count);
                    });
            merges(learner, tokens, plan, workers);
            float[] scores = new float[tokens.size()];
            for (int id = 0; id < scores.length; id++) {
                scores[id] = -id;
            }
            return new TrainedVocabulary.SentencePiece(
                    new SentencePieceVocabulary(
                            tokens.texts(),
                            scores,
                            tokens.types(),
                            SentencePieceVocabulary.Algorithm.BPE,
                            NORMALISATION,
                            id(plan.bos(), tokens),
                            id(plan.eos(), tokens),
                            plan.addBos(),
                            false,
                            true),
                    plan.size() - tokens.size());
        }

        private record Frequency(int character, long count) {}

        /// The most frequent characters, of equally frequent ones the smaller, in ascending order; `▁` is always there.
        private int[] covered(WordCounts counts) {
            Map<Integer, Long> countOf = new HashMap<>();
            counts.forEach(
                    (utf8, from, to, count) -> {
                        for (int i = from; i < to; i += Utf8.length(utf8[i])) {
                            countOf.merge(Utf8.codePoint(utf8, i), count, Long::sum);
                        }
                    });
            countOf.putIfAbsent((int) '▁', 0L);
            List<Frequency> characters = new ArrayList<>();
            countOf.forEach((character, count) -> characters.add(new Frequency(character, count)));
            characters.sort(
                    Comparator.comparingLong(Frequency::count)
                            .reversed()
                            .thenComparingInt(Frequency::character));
            long total = characters.stream().mapToLong(Frequency::count).sum();
            IntStream.Builder covered = IntStream.builder();
            long seen = 0;
            for (Frequency each : characters) {
                if (seen < characterCoverage * total || each.character() == '▁') {
                    covered.add(each.character());
                    seen += each.count();
                }
            }
            return covered.build().sorted().toArray();
        }
    }
}
