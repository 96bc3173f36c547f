package mobilellm.tensor;

/// The order in which the rows of a stored matrix are wanted.
@FunctionalInterface
public interface RowOrder {
    /// As they are stored.
    RowOrder STORED = row -> row;

    /// Which stored row is wanted as row `row`.
    int stored(int row);
}
