package mobilellm.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Small vocabularies made by hand: all 256 bytes, what merges make of them, and special tokens.
final class Alphabet {
    static final List<String> SPECIAL = List.of("<|end|>", "<|end|>|", "<|", "<|ende", "end|>");

    private Alphabet() {}

    static BpeVocabulary vocabulary(String... merges) {
        Set<String> tokens = new LinkedHashSet<>();
        for (int value = 0; value < 256; value++) {
            tokens.add(String.valueOf(ByteAlphabet.characterOf(value)));
        }
        for (String merge : merges) {
            tokens.add(merge.replace(" ", ""));
        }
        List<String> all = new ArrayList<>(tokens);
        all.addAll(SPECIAL);
        int[] types = new int[all.size()];
        Arrays.fill(types, 1);
        Arrays.fill(types, tokens.size(), types.length, 3);
        return new BpeVocabulary(
                all,
                types,
                List.of(merges),
                "gpt-2",
                OptionalInt.empty(),
                OptionalInt.empty(),
                false);
    }

    static Tokenizer tokenizer(String... merges) {
        return Tokenizers.byteLevelBpe(vocabulary(merges));
    }
}
