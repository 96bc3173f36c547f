package mobilellm.kernel.scalar;

import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Operations;

import java.lang.foreign.Arena;

/// Plain loops; always usable.
public final class ScalarProvider implements KernelProvider {
    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public boolean isUsable() {
        return true;
    }

    @Override
    public String why() {
        return "plain loops over dequantised weights, on any JVM";
    }

    @Override
    public Operations open(int threads, Arena arena) {
        return new ScalarOperations();
    }
}
