package mobilellm.kernel.vector;

/// How products are made; they have the same bits either way.
public enum Products {
    /// With whichever is faster at the time.
    FASTER,
    /// With the Vector API.
    VECTORS,
    /// With loops over arrays.
    LOOPS
}
