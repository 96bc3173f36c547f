package mobilellm.tokenizer;

import mobilellm.tensor.MalformedFileException;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/// A byte-level BPE vocabulary as a model file holds it. [Tokenizers#byteLevelBpe] checks it.
///
/// @param tokens text by id, in GPT-2's printable byte alphabet (`Ġ` for a space); special tokens in plain text
/// @param tokenTypes by id, GGUF's numbers: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte
/// @param merges `"left right"`, most important first
/// @param preTokenizer GGUF's name of the rule that cuts text into words, `tokenizer.ggml.pre`
/// @param bos begins a sequence
/// @param eos ends a sequence
/// @param addBos whether the model expects `bos` before every sequence
/// @param ignoreMerges whether a word that is a token is that token whatever the merges say
@SuppressWarnings("ArrayRecordComponent") // copied once on the way in; nobody compares vocabularies
public record BpeVocabulary(
        List<String> tokens,
        int[] tokenTypes,
        List<String> merges,
        String preTokenizer,
        OptionalInt bos,
        OptionalInt eos,
        boolean addBos,
        boolean ignoreMerges)
        implements TokenizerVocabulary {
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;
    private static final int BYTE = 6;

    public BpeVocabulary {
        tokens = Utf8.list(tokens);
        tokenTypes = tokenTypes.clone();
        merges = Utf8.list(merges);
    }

    /// A vocabulary that treats words which are tokens as others with its pre-tokenizer do.
    ///
    /// @throws mobilellm.tensor.UnsupportedModelException if the pre-tokenizer is not known
    public BpeVocabulary(
            List<String> tokens,
            int[] tokenTypes,
            List<String> merges,
            String preTokenizer,
            OptionalInt bos,
            OptionalInt eos,
            boolean addBos) {
        this(
                tokens,
                tokenTypes,
                merges,
                preTokenizer,
                bos,
                eos,
                addBos,
                ignoresMergesByDefault(preTokenizer));
    }

    /// Never: no model of this kind asks for it.
    @Override
    public boolean addEos() {
        return false;
    }

    @Override
    public Tokenizer tokenizer() {
        return Tokenizers.byteLevelBpe(this);
    }

    @Override
    public void writeJson(OutputStream target) {
        TokenizerJsonWriter.write(this, target);
    }

    /// The names of pre-tokenizers that are known here, in alphabetical order.
    public static List<String> preTokenizers() {
        return PreTokenizer.names();
    }

    /// Whether the models that use this pre-tokenizer expect `bos` although their files may not say so.
    public static boolean addsBosByDefault(String preTokenizer) {
        return PreTokenizer.named(preTokenizer).addsBos();
    }

    /// Whether models that use this pre-tokenizer take a word that is a token for that token, whatever the merges say: GGUF
    /// has no key for it, llama.cpp goes by the pre-tokenizer.
    public static boolean ignoresMergesByDefault(String preTokenizer) {
        return PreTokenizer.named(preTokenizer).wholeWords();
    }

    /// Checks what concerns single tokens; merges are checked where they are read.
    ///
    /// @throws MalformedFileException if a type is none
    void check() {
        if (tokenTypes.length != tokens.size()) {
            throw new MalformedFileException(
                    "the tokenizer has %d tokens and %d token types; expected one type for each token"
                            .formatted(tokens.size(), tokenTypes.length));
        }
        for (int id = 0; id < tokenTypes.length; id++) {
            if (tokenTypes[id] < NORMAL || tokenTypes[id] > BYTE) {
                throw new MalformedFileException(
                        "token %d of the tokenizer has type %d; expected 1 to 6"
                                .formatted(id, tokenTypes[id]));
            }
        }
    }

    /// The ids of control tokens, and of user-defined ones that are markup.
    BitSet special() {
        BitSet special = new BitSet(tokenTypes.length);
        for (int id = 0; id < tokenTypes.length; id++) {
            special.set(
                    id,
                    tokenTypes[id] == CONTROL
                            || (tokenTypes[id] == USER_DEFINED
                                    && Vocabulary.isMarkup(tokens.get(id))));
        }
        return special;
    }

    /// The tokens that stand for themselves: control and user-defined ones.
    List<AddedTokens.Token> added() {
        BitSet special = special();
        List<AddedTokens.Token> added = new ArrayList<>();
        for (int id = 0; id < tokenTypes.length; id++) {
            if (tokenTypes[id] == CONTROL || tokenTypes[id] == USER_DEFINED) {
                added.add(new AddedTokens.Token(id, tokens.get(id), special.get(id)));
            }
        }
        return added;
    }
}
