package mobilellm.checkpoint;

import mobilellm.tokenizer.StreamingDecoder;
import mobilellm.tokenizer.Tokenizer;

import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// A tokenizer with more ends of generation than its own file knows of.
record EndingTokenizer(Tokenizer tokenizer, Set<Integer> endOfGeneration) implements Tokenizer {
    /// The tokenizer with ends besides its own.
    static Tokenizer of(Tokenizer tokenizer, Set<Integer> moreEnds) {
        Set<Integer> ends = new TreeSet<>(tokenizer.endOfGeneration());
        ends.addAll(moreEnds);
        return new EndingTokenizer(tokenizer, Set.copyOf(ends));
    }

    @Override
    public int vocabularySize() {
        return tokenizer.vocabularySize();
    }

    @Override
    public int[] encode(String text, boolean parseSpecial) {
        return tokenizer.encode(text, parseSpecial);
    }

    @Override
    public String decode(int[] ids, boolean skipSpecial) {
        return tokenizer.decode(ids, skipSpecial);
    }

    @Override
    public String piece(int id) {
        return tokenizer.piece(id);
    }

    @Override
    public boolean isSpecial(int id) {
        return tokenizer.isSpecial(id);
    }

    @Override
    public OptionalInt idOf(String token) {
        return tokenizer.idOf(token);
    }

    @Override
    public OptionalInt bos() {
        return tokenizer.bos();
    }

    @Override
    public OptionalInt eos() {
        return tokenizer.eos();
    }

    @Override
    public boolean addBos() {
        return tokenizer.addBos();
    }

    @Override
    public boolean addEos() {
        return tokenizer.addEos();
    }

    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecial) {
        return tokenizer.streamingDecoder(skipSpecial);
    }
}
