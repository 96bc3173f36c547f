package mobilellm.app;

import picocli.CommandLine.Option;

/// Which code computes.
final class KernelOption {
    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            converter = KernelConverter.class,
            description = {
                "auto (default): the fastest that this machine can run; machine: machine code of"
                        + " our own",
                "(machine:avx2, machine:avx-vnni, machine:avx512-vnni: for these instructions);"
                        + " vector:",
                "Java's Vector API; scalar: plain loops; reference: plain loops in float64, slow"
            })
    String kernels = "auto";
}
