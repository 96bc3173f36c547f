package mobilellm.kernel;

/// Activations that are about to be multiplied by matrices: the f32 rows, and whatever form of them the provider's
/// products read (int8 with scales, say), made once by [Operations#prepare] for all matrices of a site.
public abstract class Operand {
    private final Activations values;

    protected Operand(Activations values) {
        this.values = values;
    }

    /// What stays of the bits of a scale of rounded rows: 22 bits of its number, so that products with `3 * 2^22` are exact, which machine code makes use of.
    public static final int SCALE_MASK = -4;

    /// Whether [Operations#swiGlu] and [Operations#relu] to this operand do what [Operations#prepare] would do.
    public boolean isMadeByColumns() {
        return false;
    }

    /// The rows as f32, [rows, columns]; write them, then call [Operations#prepare].
    public final Activations values() {
        return values;
    }
}
