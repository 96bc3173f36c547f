package mobilellm.engine;

/// A prompt has more ids than a session has positions. Nothing was computed.
public final class ContextLengthException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final int promptLength;
    private final int contextLength;

    public ContextLengthException(int promptLength, int contextLength) {
        super(
                "the prompt has %,d tokens, but the context has room for %,d: shorten the prompt or load the model with a longer context"
                        .formatted(promptLength, contextLength));
        this.promptLength = promptLength;
        this.contextLength = contextLength;
    }

    public int promptLength() {
        return promptLength;
    }

    public int contextLength() {
        return contextLength;
    }
}
