package mobilellm.tokenizer;

import mobilellm.file.Printable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What vocabulary a [VocabularyTrainer] is to learn.
///
/// @param form what the smallest symbols are and how text is cut into words
/// @param size how many tokens it shall have, all kinds together
/// @param specialTokens their texts; they get the first ids (behind `<unk>`, which every SentencePiece vocabulary has)
///     and are cut out of the text that is learnt from
/// @param bos the one of `specialTokens` that begins a sequence
/// @param eos the one of `specialTokens` that ends a sequence
/// @param addBos whether the model expects `bos` before every sequence
/// @param minimumCount how often two neighbours must occur to be merged; at least 1
public record VocabularyPlan(
        Form form,
        int size,
        List<String> specialTokens,
        Optional<String> bos,
        Optional<String> eos,
        boolean addBos,
        long minimumCount) {

    /// What the smallest symbols are and how text is cut into words.
    public sealed interface Form {}

    /// The smallest symbols are the 256 bytes (GPT-2 and its descendants): every text can be written and comes back as
    /// it was.
    ///
    /// @param preTokenizer one of [BpeVocabulary#preTokenizers]
    public record ByteLevel(String preTokenizer) implements Form {
        public ByteLevel {
            PreTokenizer.named(preTokenizer);
        }
    }

    /// The smallest symbols are characters, and the bytes of those that are too rare. A space is written `▁` and
    /// belongs to the word behind it; a text gets one in front. Each line is learnt from as a text of its own; words end
    /// where letters, digits and other characters meet, and every digit is a word (the options Llama-2's was trained with).
    ///
    /// @param characterCoverage which share of the text shall consist of characters with tokens of their own, the most
    ///     frequent first; above 0, at most 1; SentencePiece's default is 0.9995
    public record SentencePiece(double characterCoverage) implements Form {
        public SentencePiece {
            if (!(characterCoverage > 0 && characterCoverage <= 1)) {
                throw new IllegalArgumentException(
                        "character coverage is %s; expected more than 0 and at most 1"
                                .formatted(characterCoverage));
            }
        }
    }

    /// Checks the plan.
    ///
    /// @throws IllegalArgumentException if two special tokens are equal, one is empty, `bos` or `eos` is none of them,
    ///     or `minimumCount` is less than 1
    public VocabularyPlan {
        specialTokens = List.copyOf(specialTokens);
        Set<String> distinct = new HashSet<>(List.of("", LearntTokens.UNKNOWN));
        for (String token : specialTokens) {
            if (!distinct.add(token)) {
                throw new IllegalArgumentException(
                        "special token %s is empty, there already, or %s"
                                .formatted(Printable.quote(token), LearntTokens.UNKNOWN));
            }
        }
        List<String> roles = new ArrayList<>();
        bos.ifPresent(roles::add);
        eos.ifPresent(roles::add);
        if (!specialTokens.containsAll(roles) || (addBos && bos.isEmpty())) {
            throw new IllegalArgumentException(
                    "bos and eos, here %s, must be among the special tokens, and bos be given if it is to be added"
                            .formatted(roles));
        }
        if (minimumCount < 1) {
            throw new IllegalArgumentException("minimum count is less than 1: " + minimumCount);
        }
    }

    /// No special tokens; neighbours are merged that occur twice or more.
    public static VocabularyPlan of(Form form, int size) {
        return new VocabularyPlan(
                form, size, List.of(), Optional.empty(), Optional.empty(), false, 2);
    }
}
