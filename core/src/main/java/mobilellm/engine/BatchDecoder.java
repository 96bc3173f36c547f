package mobilellm.engine;

import mobilellm.model.Batch;
import mobilellm.model.Transformer;

import java.util.ArrayList;
import java.util.List;

/// Advances many sessions of one transformer together: their rows form one batch, so that a step reads each weight once
/// for all of them. Every session's logits have the bits that they would have alone.
///
/// A step is composed anew each time: queue what each session is to compute, then [#step]. So sessions come and go between
/// two steps. A session is queued at most once a step. One thread at a time.
public final class BatchDecoder {
    /// Ids of prompts in one step: enough to amortise unpacking weights, few enough that sessions that are writing do
    /// not wait long for one that reads.
    private static final int PROMPT_ROWS = 128;

    private final Transformer transformer;
    private final Batch batch = new Batch();
    private final List<Session> wanting = new ArrayList<>(); // in the order of their rows of logits
    private int promptRows;

    @SuppressWarnings("exports") // made by the model, which is the only one that has a transformer
    public BatchDecoder(Transformer transformer) {
        this.transformer = transformer;
    }

    /// Sessions that a step has room for.
    public int maximumSessions() {
        return transformer.maximumBatch() - PROMPT_ROWS;
    }

    /// Whether this step takes further ids of prompts.
    public boolean hasPromptRoom() {
        return promptRows < PROMPT_ROWS;
    }

    /// Queues one id that follows a session's sequence.
    ///
    /// @throws IllegalStateException if no position is free
    public void append(Session session, int id) {
        session.queue(batch, id);
        wanting.add(session);
    }

    /// Queues what a session lacks of a prompt, as much of it as this step has room for. What it has is not computed again.
    ///
    /// @return whether the prompt is complete after this step; else it is to be queued again for the next one
    /// @throws ContextLengthException if `prompt` has more ids than fit
    /// @throws IllegalArgumentException if it is empty or an id lies outside the vocabulary
    public boolean prefill(Session session, int[] prompt) {
        session.check(prompt);
        int before = batch.size();
        boolean isLast = session.queue(batch, prompt, PROMPT_ROWS - promptRows);
        promptRows += batch.size() - before;
        if (isLast) {
            wanting.add(session);
        }
        return isLast;
    }

    /// Computes what was queued, and gives each session the logits after its last id.
    public void step() {
        try {
            if (batch.size() > 0) {
                forward();
            }
        } finally {
            clear();
        }
    }

    private void forward() {
        synchronized (transformer) {
            transformer.forward(batch);
            for (int row = 0; row < wanting.size(); row++) {
                wanting.get(row).takeLogits(row);
            }
        }
    }

    /// Drops what was queued.
    public void clear() {
        batch.clear();
        wanting.clear();
        promptRows = 0;
    }
}
