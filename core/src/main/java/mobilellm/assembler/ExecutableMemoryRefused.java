package mobilellm.assembler;

/// The system, or the processor, does not let us run code of our own. The message is one line that says why.
public final class ExecutableMemoryRefused extends Exception {
    private static final long serialVersionUID = 1;

    ExecutableMemoryRefused(String message) {
        super(message);
    }
}
