package mobilellm.tensor;

/// A file is what its format promises, but the model in it needs something that this version does not do. Nothing of
/// the kind is ever ignored: half a model gives wrong text. The message names the key, tensor or type.
public final class UnsupportedModelException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public UnsupportedModelException(String message) {
        super(message);
    }
}
