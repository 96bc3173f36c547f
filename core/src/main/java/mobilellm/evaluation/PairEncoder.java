package mobilellm.evaluation;

import mobilellm.engine.Prediction;
import mobilellm.evaluation.task.Pair;
import mobilellm.template.PythonText;
import mobilellm.tokenizer.Tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Turns texts into ids to predict, cutting them as lm-evaluation-harness does (`_encode_pair`, `loglikelihood_rolling`):
/// white space at the end of a context moves to the continuation, both are encoded together, and what exceeds the context
/// encoded alone is the continuation. What is too long is cut at its beginning.
public final class PairEncoder {
    private final Tokenizer tokenizer;
    private final int longest;
    private final boolean isLenient;
    private final boolean isBeginPredicted;
    private String context = "";
    private int[] contextIds = {};

    /// @param longest ids that the model reads
    /// As the harness does: nothing may vanish, and the token that begins a text is predicted.
    ///
    /// @param longest ids that the model reads
    public PairEncoder(Tokenizer tokenizer, int longest) {
        this(tokenizer, longest, false, true);
    }

    /// @param longest ids that the model reads
    /// @param isLenient whether a continuation that vanishes when it is encoded with its context is encoded alone
    /// @param isBeginPredicted whether the token that a tokenizer puts in front of texts is itself predicted where a whole
    ///     text is
    public PairEncoder(
            Tokenizer tokenizer, int longest, boolean isLenient, boolean isBeginPredicted) {
        this.tokenizer = tokenizer;
        this.longest = longest;
        this.isLenient = isLenient;
        this.isBeginPredicted = isBeginPredicted;
    }

    /// A pair as ids.
    ///
    /// @param contextLength ids of the context before anything was cut
    /// @param isCut whether the beginning was cut
    /// @param isRepaired whether the continuation was encoded alone
    public record Encoded(
            Prediction prediction, int contextLength, boolean isCut, boolean isRepaired) {}

    /// The continuation is to be predicted.
    ///
    /// @throws IllegalArgumentException if nothing is left of the continuation or the context, or the continuation alone is
    ///     too long
    public Encoded encode(Pair pair) {
        if (pair.context().isEmpty()) {
            return withoutContext(pair.continuation());
        }
        String before = PythonText.stripEnd(pair.context(), PythonText::isSpace);
        String after = pair.context().substring(before.length()) + pair.continuation();
        int[] whole = encodeWithBegin(before + after);
        int[] start = contextIds(before);
        if (start.length == 0) {
            throw new IllegalArgumentException(
                    "the context is white space alone, of which the tokenizer leaves nothing");
        }
        if (whole.length > start.length) {
            return encoded(start, Arrays.copyOfRange(whole, start.length, whole.length), false);
        }
        if (!isLenient) {
            throw new IllegalArgumentException(
                    "the continuation '%s' vanishes: with its context it has %d tokens, the context alone has %d"
                            .formatted(pair.continuation(), whole.length, start.length));
        }
        return encoded(start, tokenizer.encode(after, true), true);
    }

    private Encoded withoutContext(String continuation) {
        int[] ids = tokenizer.encode(continuation, true);
        int prefix = prefix();
        if (ids.length > 0 && ids[0] == prefix) {
            return encoded(new int[] {prefix}, Arrays.copyOfRange(ids, 1, ids.length), false);
        }
        return encoded(new int[] {prefix}, ids, false);
    }

    private Encoded encoded(int[] start, int[] continuation, boolean isRepaired) {
        if (continuation.length == 0) {
            throw new IllegalArgumentException("the continuation has no tokens");
        }
        if (continuation.length > longest) {
            throw new IllegalArgumentException(
                    "the continuation has %d tokens, the model reads at most %d"
                            .formatted(continuation.length, longest));
        }
        int[] all = joined(start, continuation);
        boolean isCut = all.length > longest + 1;
        int[] kept = isCut ? Arrays.copyOfRange(all, all.length - longest - 1, all.length) : all;
        return new Encoded(
                new Prediction(kept, continuation.length), start.length, isCut, isRepaired);
    }

    /// The whole text is to be predicted: the first window after the token that begins a text, each later one after as much
    /// of the text as fits. A tokenizer that puts that token in front of texts has it predicted too, once, unless told
    /// otherwise; so does the harness.
    ///
    /// @throws IllegalArgumentException if the text has no tokens
    public List<Prediction> encodeWhole(String text) {
        int[] ids = isBeginPredicted ? encodeWithBegin(text) : tokenizer.encode(text, true);
        if (ids.length == 0) {
            throw new IllegalArgumentException("the text has no tokens");
        }
        List<Prediction> windows = new ArrayList<>();
        int done = Math.min(longest, ids.length);
        windows.add(new Prediction(joined(new int[] {prefix()}, Arrays.copyOf(ids, done)), done));
        while (done < ids.length) {
            int predicted = Math.min(ids.length - done, longest);
            int end = done + predicted;
            windows.add(new Prediction(Arrays.copyOfRange(ids, end - longest - 1, end), predicted));
            done = end;
        }
        return windows;
    }

    /// The token that stands for an empty context.
    private int prefix() {
        OptionalInt prefix = tokenizer.bos().isPresent() ? tokenizer.bos() : tokenizer.eos();
        return prefix.orElseThrow(
                () ->
                        new IllegalArgumentException(
                                "an empty context needs a token that begins or ends a text, and the"
                                        + " tokenizer names none"));
    }

    /// A prompt as ids.
    ///
    /// @param contextLength ids before anything was cut
    @SuppressWarnings("ArrayRecordComponent") // Handed on once, compared by nobody.
    public record EncodedPrompt(int[] ids, int contextLength) {
        boolean isCut() {
            return ids.length < contextLength;
        }
    }

    /// The ids of a prompt, cut at its beginning.
    ///
    /// @param most ids to keep
    public EncodedPrompt encodePrompt(String prompt, int most) {
        int[] ids = encodeWithBegin(prompt);
        int[] kept = Arrays.copyOfRange(ids, Math.max(0, ids.length - most), ids.length);
        return new EncodedPrompt(kept, ids.length);
    }

    /// The choices of a question have one context.
    private int[] contextIds(String text) {
        if (!text.equals(context) || contextIds.length == 0) {
            context = text;
            contextIds = encodeWithBegin(text);
        }
        return contextIds;
    }

    private int[] encodeWithBegin(String text) {
        int[] ids = tokenizer.encode(text, true);
        if (!tokenizer.addBos()) {
            return ids;
        }
        int begin = tokenizer.bos().orElseThrow();
        boolean isThere = text.startsWith(tokenizer.decode(new int[] {begin}, false));
        return isThere ? ids : joined(new int[] {begin}, ids);
    }

    private static int[] joined(int[] first, int[] second) {
        return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
    }
}
