package mobilellm.kernel.machine;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.Code;
import mobilellm.assembler.CodeMemory;
import mobilellm.assembler.CpuTier;
import mobilellm.assembler.ExecutableMemoryRefused;
import mobilellm.assembler.Routine;
import mobilellm.kernel.KeyValueBlock;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.machine.PlainProduct.Columns;
import mobilellm.kernel.machine.PlainProduct.Tokens;
import mobilellm.tensor.DType;

import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// The routines of one tier, each written when it is first wanted and kept as long as the process: they are few and small. Looking
/// one up may allocate, so operations keep those of their inner loops.
final class Routines {
    private static final Map<CpuTier, Routines> TIERS = new EnumMap<>(CpuTier.class);

    static {
        for (CpuTier tier : CpuTier.values()) {
            TIERS.put(tier, new Routines(tier));
        }
    }

    private final CpuTier tier;
    private final Map<Object, Routine> written = new ConcurrentHashMap<>();

    private Routines(CpuTier tier) {
        this.tier = tier;
    }

    static Routines of(CpuTier tier) {
        return Objects.requireNonNull(TIERS.get(tier));
    }

    private record Int8Key(PackedForm form, int tokens) {}

    private record PanelKey(PackedForm form, int rest) {}

    private record PlainKey(DType type, Tokens layout, Columns columns) {}

    private record RunKey(KeyValueBlock block, Tokens layout) {}

    private record WriterKey(int headDim, DType type) {}

    private record PackKey(DType type) {}

    private record HeadKey(String operation, int headDim) {}

    CpuTier tier() {
        return tier;
    }

    /// Rows of the widest tile of activations that will meet matrices of these forms.
    int widestTile(Iterable<PackedForm> weights) {
        int widest = PlainProduct.mostTokens(tier);
        for (PackedForm form : weights) {
            widest = Math.min(widest, mostTokens(form));
        }
        return widest;
    }

    /// Rows of the widest tile for one form.
    int mostTokens(PackedForm form) {
        if (!form.isQuantised()) {
            return PlainProduct.mostTokens(tier);
        }
        return tier == CpuTier.AVX512_VNNI
                ? Int8Product512.MOST_TOKENS
                : Int8Product256.mostTokens(tier, form);
    }

    /// How many bytes ahead weights are fetched that stream. With 512 bits, 8 KB made decode's products 1.2 to 1.75 times faster than none; on Zen 3, 1 to 2 KB were best.
    int distance() {
        return tier == CpuTier.AVX512_VNNI ? 8192 : 2048;
    }

    /// Packs rows of a type that [PackKernel#packs].
    Routine packer(DType type) {
        return routine(new PackKey(type), () -> new PackKernel(type).code());
    }

    Routine int8Product(PackedForm form, int tokens) {
        return routine(
                new Int8Key(form, tokens),
                () -> Int8Product.of(new Assembler(), tier, form, tokens).code());
    }

    Routine panelProduct(PackedForm form, int rest) {
        return routine(
                new PanelKey(form, rest), () -> new Int8Panel(form, rest, distance()).code());
    }

    Routine plainProduct(DType type, Tokens layout, Columns columns) {
        return routine(
                new PlainKey(type, layout, columns),
                () -> new PlainProduct(new Assembler(), tier, type, layout, columns).code());
    }

    Routine int8Quantiser(Int8Quantiser.Kind kind) {
        return routine(kind, () -> new Int8Quantiser(new Assembler(), tier, kind).code());
    }

    /// See [PlayKernel].
    Routine player() {
        return routine("player", PlayKernel::code);
    }

    Routine rmsNorm() {
        return routine("rmsNorm", () -> new RowKernels(tier).rmsNorm());
    }

    Routine swiGlu() {
        return routine("swiGlu", () -> new RowKernels(tier).swiGlu());
    }

    Routine addition() {
        return routine("addition", () -> new RowKernels(tier).add());
    }

    Routine relu() {
        return routine("relu", () -> new RowKernels(tier).relu());
    }

    Routine largestOfBlocks() {
        return routine("largestOfBlocks", () -> new RowKernels(tier).largestOfBlocks());
    }

    Routine logSums() {
        return routine("logSums", () -> new LogSums(tier).code());
    }

    Routine normaliseHeads(int headDim) {
        return routine(
                new HeadKey("normaliseHeads", headDim),
                () -> new RowKernels(tier).normaliseHeads(headDim));
    }

    Routine rotate(int headDim) {
        return routine(new HeadKey("rotate", headDim), () -> new RowKernels(tier).rotate(headDim));
    }

    Routine keyValueWriter(int headDim, DType type) {
        return routine(
                new WriterKey(headDim, type), () -> new KeyValueWriter(headDim, type).code());
    }

    Routine attentionRun(KeyValueBlock block, Tokens layout) {
        return routine(
                new RunKey(block, layout), () -> new AttentionRun(tier, block, layout).code());
    }

    Routine attentionJoin(int headDim) {
        return routine(new HeadKey("join", headDim), () -> new AttentionJoin(tier, headDim).code());
    }

    private Routine routine(Object key, Supplier<Code> code) {
        return written.computeIfAbsent(key, _ -> install(code.get()));
    }

    private static Routine install(Code code) {
        try {
            return CodeMemory.install(Arena.global(), code);
        } catch (ExecutableMemoryRefused e) {
            // The provider asked the processor by running code, so it was possible a moment ago.
            throw new IllegalStateException(e.getMessage(), e);
        }
    }
}
