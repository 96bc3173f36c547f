package mobilellm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.tensor.MalformedFileException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/// A vocabulary comes from a stranger's file.
class HostileVocabularyTest {
    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a", "ab", "a ", " b", "a  b", "a b a", "a\tb", "a b "})
    void refusesAMergeThatIsNotTwoTokens(String merge) {
        assertRefused(with(List.of("a b"), merge), "merge 1 of the tokenizer, '");
    }

    @Test
    void refusesAMergeOfUnknownTokens() {
        assertRefused(
                with(List.of("a b"), "xy a"),
                "merge 1 of the tokenizer, 'xy a': its first half is not");
        assertRefused(with(List.of("a b"), "a xy"), "its second half is not in the vocabulary");
        assertRefused(with(List.of("a b"), "a c"), "the merged token is not in the vocabulary");
        assertRefused(
                with(List.of(), "a " + "\u001B".repeat(1000)), "\\u001b...': its second half");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 262, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void refusesASpecialIdOutsideTheVocabulary(int id) {
        BpeVocabulary good = Alphabet.vocabulary("a b");
        assertRefused(
                new BpeVocabulary(
                        good.tokens(),
                        good.tokenTypes(),
                        good.merges(),
                        "gpt-2",
                        OptionalInt.of(id),
                        good.eos(),
                        true),
                "beginning-of-sequence token is "
                        + id
                        + "; expected an id of its vocabulary, 0 to 261");
        assertRefused(
                new BpeVocabulary(
                        good.tokens(),
                        good.tokenTypes(),
                        good.merges(),
                        "gpt-2",
                        good.bos(),
                        OptionalInt.of(id),
                        true),
                "end-of-sequence token is " + id);
    }

    @Test
    void refusesTypesThatDoNotFit() {
        BpeVocabulary good = Alphabet.vocabulary("a b");
        int[] tooFew = Arrays.copyOf(good.tokenTypes(), 100);
        assertRefused(withTypes(good, tooFew), "262 tokens and 100 token types");
        int[] wrong = good.tokenTypes().clone();
        wrong[7] = 9;
        assertRefused(
                withTypes(good, wrong), "token 7 of the tokenizer has type 9; expected 1 to 6");
    }

    @Test
    void refusesAVocabularyThatCannotSpellAnyByte() {
        List<String> tokens = List.of("<0x-1>", "<0x41>", "▁the", "");
        BpeVocabulary vocabulary =
                new BpeVocabulary(
                        tokens,
                        new int[] {6, 6, 1, 1},
                        List.of(),
                        "gpt-2",
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        false);
        assertRefused(vocabulary, "none of the 256 bytes has a token");
        assertRefused(
                new BpeVocabulary(
                        List.of(),
                        new int[0],
                        List.of(),
                        "smollm",
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        false),
                "none of the 256 bytes has a token among its 0");
    }

    @Test
    void acceptsEqualAndEmptyTokens() {
        BpeVocabulary good = Alphabet.vocabulary("a b");
        List<String> tokens = new ArrayList<>(good.tokens());
        tokens.addAll(List.of("", "ab", ""));
        int[] types = Arrays.copyOf(good.tokenTypes(), tokens.size());
        Arrays.fill(types, good.tokens().size(), types.length, 1);
        types[types.length - 1] = 3; // an empty special token
        Tokenizer tokenizer =
                Tokenizers.byteLevelBpe(
                        new BpeVocabulary(
                                tokens,
                                types,
                                List.of("a b", "a b"),
                                "gpt-2",
                                good.bos(),
                                good.eos(),
                                false));
        int last = good.tokens().size() + 1;
        assertThat(tokenizer.encode("ab", true)).containsExactly(last);
        assertThat(tokenizer.idOf("ab")).hasValue(last);
        assertThat(tokenizer.decode(new int[] {last - 1, last, last + 1}, false)).isEqualTo("ab");
        assertThat(tokenizer.idOf("")).hasValue(last + 1);
    }

    /// As the library of the models' authors does.
    @Test
    void decodesATokenOutsideTheByteAlphabetAsItsOwnText() {
        BpeVocabulary good = Alphabet.vocabulary();
        List<String> tokens = new ArrayList<>(good.tokens());
        tokens.add("two words 日");
        int[] types = Arrays.copyOf(good.tokenTypes(), tokens.size());
        types[types.length - 1] = 1;
        Tokenizer tokenizer =
                Tokenizers.byteLevelBpe(
                        new BpeVocabulary(
                                tokens, types, List.of(), "gpt-2", good.bos(), good.eos(), false));
        assertThat(tokenizer.piece(tokens.size() - 1)).isEqualTo("two words 日");
    }

    private static BpeVocabulary with(List<String> goodMerges, String badMerge) {
        BpeVocabulary good = Alphabet.vocabulary(goodMerges.toArray(String[]::new));
        List<String> merges = new ArrayList<>(goodMerges);
        merges.add(badMerge);
        return new BpeVocabulary(
                good.tokens(), good.tokenTypes(), merges, "gpt-2", good.bos(), good.eos(), false);
    }

    private static BpeVocabulary withTypes(BpeVocabulary good, int[] types) {
        return new BpeVocabulary(
                good.tokens(), types, good.merges(), "gpt-2", good.bos(), good.eos(), false);
    }

    private static void assertRefused(BpeVocabulary vocabulary, String message) {
        assertThatThrownBy(() -> Tokenizers.byteLevelBpe(vocabulary))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining(message);
    }
}
