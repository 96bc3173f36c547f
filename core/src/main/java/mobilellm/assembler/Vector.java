package mobilellm.assembler;

/// A vector register.
///
/// As the destination of an EVEX instruction it can carry a mask: `zmm(1).masked(k(2))`.
///
/// @param <V> [Xmm], [Ymm] or [Zmm]
/// @param <H> the register of half as many bits (for an `Xmm` again `Xmm`, of which the lower half counts)
public sealed interface Vector<V extends Vector<V, H>, H extends Vector<H, ?>> extends Register<V>
        permits Xmm, Ymm, Zmm {
    /// Width in bytes: 16, 32 or 64.
    int bytes();

    /// This register as a destination in which elements whose bit in `mask` is 0 keep their value.
    V masked(Mask mask);

    /// This register as a destination in which elements whose bit in `mask` is 0 become 0.
    V zeroed(Mask mask);
}
