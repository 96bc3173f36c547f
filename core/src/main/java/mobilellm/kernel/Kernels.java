package mobilellm.kernel;

import mobilellm.kernel.scalar.ScalarProvider;
import mobilellm.kernel.vector.VectorProvider;

import java.util.List;

/// The providers, fastest first.
public final class Kernels {
    private static final List<KernelProvider> ALL =
            List.of(new VectorProvider(), new ScalarProvider());

    private Kernels() {}

    public static List<KernelProvider> all() {
        return ALL;
    }

    /// The fastest provider that this machine and these JVM flags can run.
    public static KernelProvider best() {
        return ALL.stream().filter(KernelProvider::isUsable).findFirst().orElseThrow();
    }

    /// A provider by name; `auto` is [#best].
    ///
    /// @throws IllegalArgumentException if there is none of that name, or it cannot run here
    public static KernelProvider of(String name) {
        if (name.equals("auto")) {
            return best();
        }
        for (KernelProvider provider : ALL) {
            if (provider.name().equals(name)) {
                if (!provider.isUsable()) {
                    throw new IllegalArgumentException(
                            "kernels '%s': %s".formatted(name, provider.why()));
                }
                return provider;
            }
        }
        throw new IllegalArgumentException(
                "no kernels '%s'; there are auto, %s"
                        .formatted(
                                name,
                                String.join(
                                        ", ", ALL.stream().map(KernelProvider::name).toList())));
    }
}
