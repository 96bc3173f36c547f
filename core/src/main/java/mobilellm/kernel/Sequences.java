package mobilellm.kernel;

/// Which sequence and position each row of a batch belongs to. Rows of one sequence are consecutive and their positions
/// ascend by one, except after rows have been left out.
public interface Sequences {
    KeyValueStore store(int row);

    int position(int row);
}
