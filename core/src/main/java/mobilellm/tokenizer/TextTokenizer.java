package mobilellm.tokenizer;

import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;

/// Every kind of tokenizer, put together from parts: tokens that stand for themselves split the text into stretches;
/// each is normalised, split once more at the tokens that are looked for in normalised text, and cut into words; a
/// model turns each word into ids.
///
/// Everything is written by the constructor alone except caches, which bear races: one instance serves any number of
/// threads.
final class TextTokenizer implements Tokenizer {
    /// Turns words into ids.
    @FunctionalInterface
    interface Model {
        /// For one text and one thread.
        ///
        /// @param ids takes the ids of the words that the sink is given
        Stage.Sink encoder(IdList ids);
    }

    private final Vocabulary vocabulary;
    private final AddedTokens added;
    private final Stage normalise;
    private final AddedTokens addedToNormalised;
    private final Stage cut;
    private final Model model;
    private final Detokenizer detokenizer;
    private final Set<Integer> endOfGeneration;

    TextTokenizer(
            Vocabulary vocabulary,
            AddedTokens added,
            Stage normalise,
            AddedTokens addedToNormalised,
            Stage cut,
            Model model,
            Detokenizer detokenizer) {
        this.vocabulary = vocabulary;
        this.added = added;
        this.normalise = normalise;
        this.addedToNormalised = addedToNormalised;
        this.cut = cut;
        this.model = model;
        this.detokenizer = detokenizer;
        endOfGeneration = vocabulary.endings();
    }

    @Override
    public int vocabularySize() {
        return vocabulary.size();
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        byte[] all = Utf8.encode(text);
        IdList ids = new IdList(all.length / 3);
        Stage.Sink words = model.encoder(ids);
        Stage.Sink stretches = (utf8, from, to, first) -> cut.apply(utf8, from, to, first, words);
        Stage.Sink normalised =
                (utf8, from, to, first) ->
                        addedToNormalised.cut(utf8, from, to, first, parseSpecial, ids, stretches);
        Stage.Sink raw =
                (utf8, from, to, first) -> normalise.apply(utf8, from, to, first, normalised);
        added.cut(all, 0, all.length, true, parseSpecial, ids, raw);
        return ids.toArray();
    }

    @Override
    public String decode(int[] ids, boolean skipSpecial) {
        return detokenizer.decode(ids, skipSpecial);
    }

    @Override
    public String piece(int id) {
        return detokenizer.piece(id);
    }

    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecial) {
        return detokenizer.stream(skipSpecial);
    }

    @Override
    public boolean isSpecial(int id) {
        return vocabulary.special().get(Objects.checkIndex(id, vocabulary.size()));
    }

    @Override
    public OptionalInt idOf(String token) {
        int id = vocabulary.index().find(token);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public OptionalInt bos() {
        return vocabulary.bos();
    }

    @Override
    public OptionalInt eos() {
        return vocabulary.eos();
    }

    @Override
    public boolean addBos() {
        return vocabulary.addBos();
    }

    @Override
    public boolean addEos() {
        return vocabulary.addEos();
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return endOfGeneration;
    }
}
