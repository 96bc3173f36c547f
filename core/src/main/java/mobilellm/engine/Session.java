package mobilellm.engine;

import mobilellm.config.LayerSharing;
import mobilellm.file.Printable;
import mobilellm.kernel.Activations;
import mobilellm.kernel.LogitReduction;
import mobilellm.model.Batch;
import mobilellm.model.KvCache;
import mobilellm.model.Transformer;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// One sequence: its ids, their keys and values, and the logits after the last of them.
///
/// [#prefill] makes the sequence what it is given and computes only what is not there yet; [#append] adds one id;
/// [#logits] says what may come next. Since a token's logits have the same bits whatever was computed together with it,
/// none of this depends on how the sequence came about: a reused prefix, another chunk size or a shift give exactly the
/// logits of a fresh session that was given the same ids.
///
/// A session belongs to one thread at a time. Sessions of one transformer may be used by several threads: they take
/// turns, chunk by chunk.
public final class Session implements AutoCloseable {
    private final Transformer transformer;
    private final SessionOptions options;
    private final KvCache cache;
    private final int vocabularySize;
    private final Batch batch = new Batch();
    private final float[] logits; // [vocabulary], after the last id
    private final float[] largestLogits; // of each block of them
    private final int[] ids; // [context], the first cache.length() of them are in the cache

    /// An empty sequence.
    ///
    /// @throws IllegalArgumentException if the context is longer than the model was trained for: its positions mean
    ///     nothing beyond
    @SuppressWarnings("exports") // made by the model, which is the only one that has a transformer
    public Session(Transformer transformer, SessionOptions options) {
        options.check(transformer.config());
        this.transformer = transformer;
        this.options = options;
        cache = new KvCache(transformer.config(), options.contextLength(), options.keyValueType());
        vocabularySize = transformer.config().vocabularySize();
        logits = new float[vocabularySize];
        largestLogits = new float[Math.ceilDiv(vocabularySize, Activations.BLOCK)];
        ids = new int[options.contextLength()];
    }

    private Session(Session original) {
        transformer = original.transformer;
        options = original.options;
        cache = original.cache.copy();
        vocabularySize = original.vocabularySize;
        logits = original.logits.clone();
        largestLogits = original.largestLogits.clone();
        ids = original.ids.clone();
    }

    /// A session of its own with the same sequence, to go on in two ways from here. Costs a copy of the keys and values,
    /// in steps of 256 positions.
    public Session fork() {
        return new Session(this);
    }

    /// Positions that fit.
    public int contextLength() {
        return ids.length;
    }

    /// Ids in the sequence.
    public int length() {
        return cache.length();
    }

    /// A copy of the ids in the sequence.
    public int[] ids() {
        return Arrays.copyOf(ids, length());
    }

    /// Next-token logits after the last id, `[vocabulary]`; overwritten by the next call of another method.
    public float[] logits() {
        return logits;
    }

    /// The largest of each 32 of the [#logits], NaN where one of them is not finite; overwritten as they are. Who looks for the best
    /// tokens need not read all logits.
    public float[] largestLogits() {
        return largestLogits;
    }

    /// Takes the logits of a row of the last pass.
    void takeLogits(int row) {
        transformer.logits(row, logits);
        transformer.largestLogits(row, largestLogits);
    }

    /// How many ids at the start of `prompt` a prefill would find computed. The last id is always computed again,
    /// because its logits are wanted.
    public int reusable(int[] prompt) {
        int mismatch = Arrays.mismatch(ids, 0, length(), prompt, 0, prompt.length);
        int shared = mismatch < 0 ? prompt.length : mismatch;
        return Math.min(shared, prompt.length - 1);
    }

    /// Checks that `prompt` could be the sequence, before anything is computed.
    ///
    /// @throws ContextLengthException if it has more ids than fit
    /// @throws IllegalArgumentException if it is empty or an id lies outside the vocabulary
    public void check(int[] prompt) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty: there is nothing to continue");
        }
        if (prompt.length > contextLength()) {
            throw new ContextLengthException(prompt.length, contextLength());
        }
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] < 0 || prompt[i] >= vocabularySize) {
                throw new IllegalArgumentException(
                        "token id %d at position %d lies outside the vocabulary of %d"
                                .formatted(prompt[i], i, vocabularySize));
            }
        }
    }

    /// Makes `prompt` the sequence. What the sequence already shares with it is not computed again. A stopped prefill
    /// leaves a shorter sequence, whose logits were not computed.
    ///
    /// @return whether it was completed; false if the listener stopped it
    /// @throws ContextLengthException if `prompt` has more ids than fit
    /// @throws IllegalArgumentException if it is empty or an id lies outside the vocabulary
    public boolean prefill(int[] prompt, PrefillListener listener) {
        check(prompt);
        cache.truncate(reusable(prompt));
        while (listener.onProgress(length(), prompt.length)) {
            batch.clear();
            boolean isLast = queue(batch, prompt, Integer.MAX_VALUE);
            forward(isLast);
            if (isLast) {
                listener.onProgress(prompt.length, prompt.length);
                return true;
            }
        }
        return false;
    }

    /// Adds to a batch what comes next of a checked prompt, at most a chunk.
    ///
    /// @return whether the prompt is complete with it, so that the logits are wanted
    boolean queue(Batch target, int[] prompt, int mostRows) {
        cache.truncate(reusable(prompt));
        int rows = Math.min(mostRows, Math.min(options.prefillChunk(), transformer.maximumBatch()));
        int end = Math.min(prompt.length, length() + rows);
        for (int position = length(); position < end; position++) {
            add(target, prompt[position], position, position == prompt.length - 1);
        }
        return end == prompt.length;
    }

    /// Adds one id to the sequence.
    ///
    /// @throws IllegalStateException if no position is free
    public void append(int id) {
        batch.clear();
        queue(batch, id);
        forward(true);
    }

    /// Adds to a batch one id that follows the sequence.
    void queue(Batch target, int id) {
        if (length() == contextLength()) {
            throw new IllegalStateException(
                    "all %,d positions of the context are taken".formatted(contextLength()));
        }
        add(target, id, length(), true);
    }

    /// Goes back to the first `length` ids. The last of them is computed again, because its logits are wanted.
    ///
    /// @throws IllegalArgumentException if there are fewer
    public void rollback(int length) {
        if (length < 0 || length > length()) {
            throw new IllegalArgumentException(
                    "cannot go back to %,d of %,d ids".formatted(length, length()));
        }
        become(Arrays.copyOf(ids, length));
    }

    /// Makes room: keeps the first `keep` ids and the newer half of the others. What moves to another position is
    /// computed again, because keys carry the rotation of their position; the sequence is then as if it had been given
    /// like this.
    ///
    /// @throws IllegalArgumentException if nothing would be dropped
    public void shift(int keep) {
        int dropped = (length() - keep + 1) / 2;
        if (keep < 0 || dropped < 1) {
            throw new IllegalArgumentException(
                    "cannot keep the first %d of %d ids and drop half of the others"
                            .formatted(keep, length()));
        }
        int[] kept = new int[length() - dropped];
        System.arraycopy(ids, 0, kept, 0, keep);
        System.arraycopy(ids, keep + dropped, kept, keep, kept.length - keep);
        become(kept);
    }

    private void become(int[] sequence) {
        if (sequence.length == 0) {
            cache.truncate(0);
        } else {
            prefill(sequence, (done, total) -> true);
        }
    }

    /// Computes the logits at the positions of a sequence from `first` on; those before only lead there, which is cheaper.
    ///
    /// @param first position whose logits are the first that are wanted
    /// @param chunkLength ids computed at once, 1 to the transformer's largest batch; 1 goes step by step, as decoding
    ///     does. The logits do not depend on it; each row of a chunk takes 4 bytes for each token of the vocabulary.
    /// @throws ContextLengthException if `sequence` has more ids than fit
    /// @throws IllegalArgumentException if it is empty, or an id, the first position or the chunk lies out of range
    public void logits(int[] sequence, int first, int chunkLength, LogitsListener listener) {
        check(sequence);
        logits(0, sequence, first, chunkLength, listener);
    }

    /// Computes the logits at positions of a sequence of which this one may hold a part: what it holds is kept as far as it
    /// agrees, and lies before `first`, and not computed again.
    ///
    /// @param first position whose logits are the first that are wanted
    /// @param chunkLength as for [#logits(int[], int, int, LogitsListener)]
    /// @throws ContextLengthException if `sequence` has more ids than fit
    /// @throws IllegalArgumentException if it is empty, or an id, the first position or the chunk lies out of range
    public void continueLogits(
            int[] sequence, int first, int chunkLength, LogitsListener listener) {
        check(sequence);
        logits(Math.min(reusable(sequence), first), sequence, first, chunkLength, listener);
    }

    /// @param kept positions that are not computed again
    private void logits(
            int kept, int[] sequence, int first, int chunkLength, LogitsListener listener) {
        if (first < 0 || first >= sequence.length) {
            throw new IllegalArgumentException(
                    "the first position must be 0 to %d, got %d"
                            .formatted(sequence.length - 1, first));
        }
        if (chunkLength < 1 || chunkLength > transformer.maximumBatch()) {
            throw new IllegalArgumentException(
                    "chunk length must be 1 to %d, got %d"
                            .formatted(transformer.maximumBatch(), chunkLength));
        }
        cache.truncate(kept);
        float[][] rows = new float[Math.min(chunkLength, sequence.length - first)][vocabularySize];
        for (int start = kept; start < sequence.length; start += chunkLength) {
            int end = Math.min(start + chunkLength, sequence.length);
            batch.clear();
            for (int position = start; position < end; position++) {
                add(batch, sequence[position], position, position >= first);
            }
            int wanted = batch.logitsRows();
            synchronized (transformer) {
                transformer.forward(batch);
                for (int row = 0; row < wanted; row++) {
                    transformer.logits(row, rows[row]);
                }
            }
            for (int row = 0; row < wanted; row++) {
                listener.onLogits(end - wanted + row, rows[row]);
            }
        }
    }

    /// Scores the ids of a sequence from `first` on, each given all before it. Nothing of the size of the vocabulary is stored.
    /// What the session already shares with the sequence before `first` is not computed again; afterwards the session holds
    /// all ids of the sequence but the last.
    ///
    /// @param first position of the first id that is scored, at least 1
    /// @throws ContextLengthException if all ids of `sequence` but the last do not fit
    /// @throws IllegalArgumentException if there are less than two ids, or one or `first` lies out of range
    /// @throws ArithmeticException if the model's logits are no numbers
    public void score(int[] sequence, int first, ScoreListener listener) {
        if (first < 1 || first >= sequence.length) {
            throw new IllegalArgumentException(
                    "the first scored position must be 1 to %d, got %d"
                            .formatted(sequence.length - 1, first));
        }
        int[] read = Arrays.copyOf(sequence, sequence.length - 1);
        check(read);
        cache.truncate(Math.min(reusable(read), first - 1));
        while (length() < read.length) {
            batch.clear();
            int end = Math.min(read.length, length() + transformer.maximumBatch());
            for (int position = length(); position < end; position++) {
                add(batch, read[position], position, position >= first - 1);
            }
            scoreBatch(sequence, end + 1 - batch.logitsRows(), listener);
        }
    }

    /// Advances by the batch and scores the ids that its wanted rows predict, the first of which stands at `position`.
    private void scoreBatch(int[] sequence, int position, ScoreListener listener) {
        int[][] targets = new int[batch.logitsRows()][];
        for (int row = 0; row < targets.length; row++) {
            targets[row] = new int[] {sequence[position + row]};
        }
        TokenScore[] scores = new TokenScore[targets.length];
        synchronized (transformer) {
            transformer.advance(batch);
            if (targets.length == 0) {
                return;
            }
            LogitReduction reduced = transformer.score(targets);
            for (int row = 0; row < targets.length; row++) {
                double logSum = reduced.checkedLogSum(row);
                scores[row] =
                        new TokenScore(
                                reduced.targetLogit(row, 0) - logSum,
                                reduced.best(row),
                                reduced.bestLogit(row) - logSum);
            }
        }
        for (int row = 0; row < targets.length; row++) {
            listener.onScore(position + row, scores[row]);
        }
    }

    private void add(Batch target, int id, int position, boolean wantLogits) {
        target.add(cache, id, wantLogits);
        ids[position] = id;
    }

    /// The transformer has one set of scratch memory, so sessions take turns.
    private void forward(boolean wantLogits) {
        synchronized (transformer) {
            transformer.forward(batch);
            if (wantLogits) {
                takeLogits(0);
            }
        }
    }

    /// Writes the sequence with its keys and values, so that [#restore] can go on from here without computing it again: 23
    /// kB for each id of a model like SmolLM2-135M in F16. The first call also reads all weights, to tell the model.
    ///
    /// @throws IllegalStateException if the sequence is empty
    /// @throws IOException if the file cannot be written; what it held before is still there then
    public void save(Path path) throws IOException {
        if (length() == 0) {
            throw new IllegalStateException("the session is empty: there is nothing to save");
        }
        SessionFile.write(path, header(), ids(), cache);
    }

    /// Makes a saved sequence this one. It goes on exactly as if it had been given as a prompt.
    ///
    /// Keys and values of the file are used only where this session would have computed the same bits: with the same
    /// kernels, element type and layer sharing, and where the last id, which is computed again, gets the very logits that
    /// it had. Otherwise everything is computed from the ids, as [#prefill] does; the listener then hears of a start at 0.
    ///
    /// @return whether it was completed; false if the listener stopped it
    /// @throws IOException if the file cannot be read
    /// @throws MalformedFileException if it is no saved session, is damaged, or is of another model
    /// @throws ContextLengthException if it has more ids than fit
    public boolean restore(Path path, PrefillListener listener) throws IOException {
        try (SessionFile file = SessionFile.open(path)) {
            SessionFile.Header own = header();
            if (!file.header().model().equals(own.model())) {
                throw new MalformedFileException(
                        "%s was saved with another model, whose identity begins with %s; this one's begins with %s"
                                .formatted(path, start(file.header().model()), start(own.model())));
            }
            int[] saved = file.ids();
            checkSaved(saved, path);
            cache.truncate(0);
            if (!file.header().computation().equals(own.computation())) {
                return prefill(saved, listener);
            }
            file.fill(cache);
            System.arraycopy(saved, 0, ids, 0, saved.length);
            if (!prefill(saved, listener)) {
                return false;
            }
            if (header().logits() != file.header().logits()) {
                cache.truncate(0);
                return prefill(saved, listener);
            }
            return true;
        }
    }

    private void checkSaved(int[] saved, Path path) {
        try {
            check(saved);
        } catch (ContextLengthException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(
                    "%s holds no sequence of this model: %s".formatted(path, e.getMessage()), e);
        }
    }

    private SessionFile.Header header() {
        LayerSharing sharing = transformer.config().sharing();
        String computation =
                "%s kernels, keys and values in %s, %s"
                        .formatted(transformer.kernels(), options.keyValueType(), sharing);
        ByteBuffer bytes =
                ByteBuffer.allocate(Float.BYTES * logits.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(logits);
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return new SessionFile.Header(transformer.identity(), computation, (int) sum.getValue());
    }

    private static String start(String identity) {
        return Printable.quote(identity.substring(0, 12));
    }

    /// Frees the keys and values.
    @Override
    public void close() {
        cache.close();
    }
}
