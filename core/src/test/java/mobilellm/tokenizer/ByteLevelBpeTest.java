package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

class ByteLevelBpeTest {
    private static final long SEED = 20261124;
    private static final String[] MERGES = {
        "a b", "b a", "ab a", "a a", "aa aa", "b b", "ba ba", "Ġ a", "Ġa b", "Ġ Ġ", "ĠĠ ĠĠ", "Ã ©",
        "ð Ł", "ðŁ ĺ", "Ġ ðŁĺ"
    };

    private final Tokenizer tokenizer = Alphabet.tokenizer(MERGES);

    @Test
    void mergesTheMostUrgentPairFirstAndTheLeftmostOfEquals() {
        assertThat(pieces("abab")).containsExactly("ab", "ab");
        assertThat(pieces("aba")).containsExactly("aba");
        assertThat(pieces("bab")).containsExactly("b", "ab"); // "a b" is more urgent than "b a"
        assertThat(pieces("aaaaa")).containsExactly("aaaa", "a");
        assertThat(pieces("aaa")).containsExactly("aa", "a");
        assertThat(pieces(" ab aa"))
                .containsExactly(" ", "ab", " ", "aa"); // "a a" is more urgent than "Ġ a"
        assertThat(pieces("a ba a")).containsExactly("a", " ", "ba", " a");
    }

    @Test
    void mergesLongWordsAsShortOnes() {
        Random random = new Random(SEED);
        MergeTable merges =
                MergeTable.ofLines(
                        List.of(MERGES),
                        new TokenIndex(Alphabet.vocabulary(MERGES).tokens()),
                        new BitSet());
        for (int round = 0; round < 2_000; round++) {
            int count = 1 + random.nextInt(48);
            int[] symbols = random.ints(count, 'a' - '!', 'c' - '!').toArray();
            int[] expected = symbols.clone();
            int expectedCount = new WordMerger(merges).merge(expected, count);
            int actualCount = new LongWordMerger(merges, symbols, count).merge();
            assertThat(Arrays.copyOf(symbols, actualCount))
                    .as("seed %d, round %d", SEED, round)
                    .isEqualTo(Arrays.copyOf(expected, expectedCount));
        }
    }

    @Test
    void givesBackEveryText() {
        Random random = new Random(SEED);
        for (int round = 0; round < 2_000; round++) {
            String text = randomText(random);
            assertThat(tokenizer.decode(tokenizer.encode(text, false), false))
                    .as("seed %d, round %d", SEED, round)
                    .isEqualTo(text);
            assertThat(tokenizer.decode(tokenizer.encode(text, true), false)).isEqualTo(text);
        }
    }

    @Test
    void streamsWhatItDecodes() {
        Random random = new Random(SEED);
        for (int round = 0; round < 2_000; round++) {
            int[] ids = random.ints(30, 0, tokenizer.vocabularySize()).toArray();
            for (boolean skipSpecial : new boolean[] {false, true}) {
                StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecial);
                StringBuilder text = new StringBuilder();
                for (int id : ids) {
                    String piece = decoder.accept(id);
                    assertThat(new String(piece.getBytes(UTF_8), UTF_8))
                            .as("whole characters")
                            .isEqualTo(piece);
                    text.append(piece);
                }
                text.append(decoder.finish());
                assertThat(text.toString())
                        .as("seed %d, round %d", SEED, round)
                        .isEqualTo(tokenizer.decode(ids, skipSpecial));
            }
        }
    }

    /// The JDK's decoder is another implementation of the same rule, except for encoded surrogates (lead byte ED).
    @Test
    void replacesMalformedBytesOncePerMaximalSubpart() {
        Random random = new Random(SEED);
        int[] leads = {
            0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEF, 0xF0, 0xF1, 0xF4,
            0xF5, 0xFF
        };
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[8];
            for (int i = 0; i < bytes.length; i++) {
                int value =
                        random.nextBoolean()
                                ? leads[random.nextInt(leads.length)]
                                : 0x80 + random.nextInt(64);
                bytes[i] = (byte) value;
            }
            assertThat(decode(bytes))
                    .as("seed %d, round %d", SEED, round)
                    .isEqualTo(new String(bytes, UTF_8));
        }
        assertThat(decode(new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80}))
                .isEqualTo("\uFFFD\uFFFD\uFFFD");
    }

    @Test
    void findsTheLongestSpecialTokenOnlyWhereItIsAskedTo() {
        assertThat(specialPieces("a<|end|>b")).containsExactly("<|end|>");
        assertThat(specialPieces("<|end|>|<|ende<|en")).containsExactly("<|end|>|", "<|ende", "<|");
        assertThat(specialPieces("send|><")).containsExactly("end|>");
        int[] plain = tokenizer.encode("a<|end|>b", false);
        assertThat(Arrays.stream(plain).noneMatch(tokenizer::isSpecial)).isTrue();
        int[] parsed = tokenizer.encode("a<|end|>b", true);
        assertThat(tokenizer.decode(parsed, true)).isEqualTo("ab");
        assertThat(tokenizer.decode(parsed, false)).isEqualTo("a<|end|>b");
        assertThat(tokenizer.endOfGeneration())
                .containsExactly(tokenizer.idOf("<|end|>").orElseThrow());
    }

    /// No merge, no contraction and no run of spaces reaches across a special token.
    @Test
    void treatsTheTextBetweenSpecialTokensAsSeparateTexts() {
        int special = tokenizer.idOf("<|").orElseThrow();
        int[] whole = tokenizer.encode("ab  <|  ab", true);
        int[] left = tokenizer.encode("ab  ", true);
        int[] right = tokenizer.encode("  ab", true);
        assertThat(whole)
                .isEqualTo(
                        Stream.of(left, new int[] {special}, right)
                                .flatMapToInt(Arrays::stream)
                                .toArray());
    }

    @Test
    void refusesIdsOutsideTheVocabulary() {
        int size = tokenizer.vocabularySize();
        for (int id : new int[] {-1, size, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> tokenizer.piece(id))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> tokenizer.isSpecial(id))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void takesLinearTimeOnOneLongWord() {
        Random random = new Random(SEED);
        StringBuilder word = new StringBuilder();
        while (word.length() < 1 << 20) {
            word.append(random.nextBoolean() ? 'a' : 'b');
        }
        int[] ids =
                assertTimeoutPreemptively(
                        Duration.ofMinutes(2), () -> tokenizer.encode(word.toString(), false));
        assertThat(tokenizer.decode(ids, false)).isEqualTo(word.toString());
    }

    @Test
    void servesManyThreadsAtOnce() throws Exception {
        Random random = new Random(SEED);
        List<String> texts = new ArrayList<>();
        List<int[]> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            texts.add(randomText(random));
            expected.add(Alphabet.tokenizer(MERGES).encode(texts.get(i), true));
        }
        Callable<Boolean> encodeAll =
                () -> {
                    for (int round = 0; round < 20; round++) {
                        for (int i = 0; i < texts.size(); i++) {
                            if (!Arrays.equals(
                                    tokenizer.encode(texts.get(i), true), expected.get(i))) {
                                return false;
                            }
                        }
                    }
                    return true;
                };
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (Future<Boolean> same : threads.invokeAll(Collections.nCopies(8, encodeAll))) {
                assertThat(same.get()).isTrue();
            }
        }
    }

    private List<String> pieces(String text) {
        return Arrays.stream(tokenizer.encode(text, false)).mapToObj(tokenizer::piece).toList();
    }

    private List<String> specialPieces(String text) {
        return Arrays.stream(tokenizer.encode(text, true))
                .filter(tokenizer::isSpecial)
                .mapToObj(tokenizer::piece)
                .toList();
    }

    private String decode(byte[] bytes) {
        int[] ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            String token = String.valueOf(ByteAlphabet.characterOf(bytes[i] & 0xFF));
            ids[i] = tokenizer.idOf(token).orElseThrow();
        }
        return tokenizer.decode(ids, false);
    }

    private static String randomText(Random random) {
        String[] parts = {
            "a", "b", "ab", " ", "  ", "\n", "é", "😀", "日", "1", "'s", "<|", "end", "|>", "\u0000",
            "\uFFFD"
        };
        StringBuilder text = new StringBuilder();
        for (int part = random.nextInt(40); part > 0; part--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }
}
