package mobilellm.kernel.machine;

import mobilellm.assembler.CodeMemory;
import mobilellm.assembler.CpuFeatures;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.ExecutableMemoryRefused;
import mobilellm.assembler.GuardedPages;
import mobilellm.kernel.GroupPacker;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Operations;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Optional;

/// Machine code for the instructions that the processor has.
public final class MachineProvider implements KernelProvider {
    /// Bytes of weights that are asked for at once: many matrices are smaller than a large page.
    private static final long PIECE_BYTES = 64 << 20;

    private final Optional<CpuTier> wanted;

    /// @param wanted the tier to use although a faster one may be there; empty for the fastest
    public MachineProvider(Optional<CpuTier> wanted) {
        this.wanted = wanted;
    }

    /// Asking the processor runs code, so it waits until someone wants to know.
    private static final class Processor {
        static final CpuFeatures FEATURES = CpuFeatures.detect();
    }

    private Optional<CpuTier> tier() {
        return wanted.isPresent()
                ? wanted.filter(Processor.FEATURES.tiers()::contains)
                : Processor.FEATURES.tier();
    }

    /// Why an x86-64 processor may not run machine code here, if it may not: the system or Java forbids it.
    public static Optional<String> refusal() {
        return CodeMemory.isForThisProcessor() ? Processor.FEATURES.refusal() : Optional.empty();
    }

    @Override
    public String name() {
        return wanted.map(tier -> "machine:" + label(tier)).orElse("machine");
    }

    /// The tier's name on the command line, such as `avx512-vnni`.
    public static String label(CpuTier tier) {
        return tier.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public boolean isUsable() {
        return tier().isPresent();
    }

    @Override
    public String why() {
        return tier().map(
                        tier ->
                                "machine code for "
                                        + label(tier)
                                        + " on "
                                        + Processor.FEATURES.brand())
                .orElseGet(
                        () ->
                                "needs an x86-64 processor with %s; here is %s"
                                        .formatted(
                                                label(wanted.orElse(CpuTier.AVX2)),
                                                Processor.FEATURES.why()));
    }

    @Override
    public Operations open(int threads, Arena arena) {
        return new MachineOperations(Routines.of(tier().orElseThrow()), threads, arena);
    }

    @Override
    public GroupPacker packer(Arena arena) {
        return new MachinePacker(Routines.of(tier().orElseThrow()), arena);
    }

    /// Pages of the system, which are zero without anybody writing zeros, and are touched first by the thread that packs into them.
    @Override
    public MemorySegment allocate(Arena arena, long bytes) {
        try {
            return GuardedPages.mapLarge(arena, Math.max(bytes, PIECE_BYTES)).segment();
        } catch (ExecutableMemoryRefused e) {
            return KernelProvider.super.allocate(arena, bytes);
        }
    }
}
