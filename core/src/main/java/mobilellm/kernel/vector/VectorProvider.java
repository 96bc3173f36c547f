package mobilellm.kernel.vector;

import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Operations;

import java.lang.foreign.Arena;

/// The JDK's Vector API, where the incubator module is present.
public final class VectorProvider implements KernelProvider {
    private static final String MODULE = "jdk.incubator.vector";

    private final Products products;

    /// @param products how they are made; the bits are the same
    public VectorProvider(Products products) {
        this.products = products;
    }

    @Override
    public String name() {
        return switch (products) {
            case FASTER -> "vector";
            case VECTORS -> "vector:vectors";
            case LOOPS -> "vector:loops";
        };
    }

    @Override
    public boolean isUsable() {
        return ModuleLayer.boot().findModule(MODULE).isPresent();
    }

    @Override
    public String why() {
        return isUsable()
                ? "Vector API, " + Lanes.COUNT * Float.SIZE + "-bit vectors, int8 activations"
                : "not usable: start java with --add-modules " + MODULE;
    }

    @Override
    public Operations open(int threads, Arena arena) {
        if (!isUsable()) {
            throw new IllegalStateException("kernels 'vector': " + why());
        }
        return new VectorOperations(threads, arena, products);
    }
}
