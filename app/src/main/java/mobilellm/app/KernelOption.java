package mobilellm.app;

import picocli.CommandLine.Option;

/// Which code computes.
final class KernelOption {
    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            converter = KernelConverter.class,
            description = {
                "auto (default): the fastest that this machine can run; vector: Java's Vector API;",
                "scalar: plain loops; reference: plain loops in float64, slow, for comparison"
            })
    String kernels = "auto";
}
