package mobilellm.kernel;

import mobilellm.assembler.CpuTier;
import mobilellm.kernel.machine.MachineProvider;
import mobilellm.kernel.scalar.ScalarProvider;
import mobilellm.kernel.vector.Products;
import mobilellm.kernel.vector.VectorProvider;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The providers, fastest first. `machine` takes the processor's best tier; `machine:avx2` and its like take another one. `vector:vectors` and
/// `vector:loops` are `vector` bound to one of its two ways.
public final class Kernels {
    private static final List<KernelProvider> ALL = providers();

    private Kernels() {}

    private static List<KernelProvider> providers() {
        var providers = new ArrayList<KernelProvider>();
        providers.add(new MachineProvider(Optional.empty()));
        for (CpuTier tier : List.of(CpuTier.values()).reversed()) {
            providers.add(new MachineProvider(Optional.of(tier)));
        }
        for (Products products : Products.values()) {
            providers.add(new VectorProvider(products));
        }
        providers.add(new ScalarProvider());
        return List.copyOf(providers);
    }

    public static List<KernelProvider> all() {
        return ALL;
    }

    /// Those that this machine and these JVM flags can run.
    public static List<KernelProvider> usable() {
        return ALL.stream().filter(KernelProvider::isUsable).toList();
    }

    /// The fastest provider that this machine and these JVM flags can run.
    public static KernelProvider best() {
        return ALL.stream().filter(KernelProvider::isUsable).findFirst().orElseThrow();
    }

    /// Why [#best] cannot be the machine code that this processor could run, if so, in one line: a hardened system gives no executable
    /// memory (SELinux's `execmem`, a container's rules), or Java was told to refuse native access.
    public static Optional<String> refusal() {
        return MachineProvider.refusal();
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
