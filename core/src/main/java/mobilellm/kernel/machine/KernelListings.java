package mobilellm.kernel.machine;

import mobilellm.assembler.Assembler;
import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.config.KvType;
import mobilellm.kernel.KeyValueBlock;
import mobilellm.kernel.PackedForm;
import mobilellm.kernel.machine.PlainProduct.Columns;
import mobilellm.kernel.machine.PlainProduct.Tokens;
import mobilellm.tensor.DType;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// The kernels of a tier by name, for readers: `dev/KernelListing.java` prints them. Nothing is run, so any tier can be listed anywhere.
///
/// Where a kernel depends on the sizes of a model it is written for SmolLM2-135M's: heads of 64, three of which share keys and values, rows of 576.
public final class KernelListings {
    private static final int HEAD_DIM = 64;
    private static final int GROUP = 3;
    private static final int COLUMNS = 576;
    private static final int ROW_BYTES = COLUMNS * Float.BYTES;
    private static final int[] TOKENS = {1, 2, 4, 6, 12};

    private final CpuTier tier;
    private final Map<String, Code> kernels = new LinkedHashMap<>();

    private KernelListings(CpuTier tier) {
        this.tier = tier;
    }

    /// All that [Routines] can write for a model, such as `product-q4_0-1`: the form of the weights, and the tokens of a tile or `panel`.
    public static Map<String, Code> of(CpuTier tier) {
        KernelListings listings = new KernelListings(tier);
        for (PackedForm form : PackedForm.values()) {
            listings.addProducts(form);
        }
        listings.addRowKernels();
        listings.addAttention();
        for (DType type : DType.values()) {
            if (PackKernel.packs(type, COLUMNS)) {
                listings.kernels.put("pack-" + word(type), new PackKernel(type).code());
            }
        }
        return listings.kernels;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void addProducts(PackedForm form) {
        Routines routines = Routines.of(tier);
        if (tier == CpuTier.AVX512_VNNI && Int8Panel.holds(form)) {
            kernels.put(
                    "product-" + word(form) + "-panel",
                    new Int8Panel(form, 0, routines.distance()).code());
        }
        for (int tokens : TOKENS) {
            if (tokens <= routines.mostTokens(form)) {
                kernels.put(
                        "product-" + word(form) + "-" + tokens,
                        form.isQuantised()
                                ? Int8Product.of(new Assembler(), tier, form, tokens).code()
                                : new PlainProduct(
                                                new Assembler(),
                                                tier,
                                                form.type(),
                                                Tokens.rows(tokens, ROW_BYTES),
                                                Columns.of(
                                                        form,
                                                        COLUMNS,
                                                        PlainProduct.groupsTogether(tier)))
                                        .code());
            }
        }
    }

    private void addRowKernels() {
        for (Int8Quantiser.Kind kind : Int8Quantiser.Kind.values()) {
            kernels.put(
                    "int8-quantiser-" + word(kind),
                    new Int8Quantiser(new Assembler(), tier, kind).code());
        }
        kernels.put("player", PlayKernel.code());
        kernels.put("rms-norm", new RowKernels(tier).rmsNorm());
        kernels.put("swiglu", new RowKernels(tier).swiGlu());
        kernels.put("relu", new RowKernels(tier).relu());
        kernels.put("add", new RowKernels(tier).add());
        kernels.put("largest-of-blocks", new RowKernels(tier).largestOfBlocks());
        kernels.put("log-sums", new LogSums(tier).code());
        kernels.put("normalise-heads", new RowKernels(tier).normaliseHeads(HEAD_DIM));
        kernels.put("rotate", new RowKernels(tier).rotate(HEAD_DIM));
        for (KvType type : KvType.values()) {
            kernels.put(
                    "key-value-writer-" + word(type),
                    new KeyValueWriter(HEAD_DIM, type.type()).code());
        }
    }

    private void addAttention() {
        var decode = new Tokens(1, ROW_BYTES, GROUP, HEAD_DIM * Float.BYTES);
        for (KvType type : KvType.values()) {
            var block = new KeyValueBlock(HEAD_DIM, type.type());
            kernels.put(
                    "attention-" + word(type) + "-" + GROUP,
                    new AttentionRun(tier, block, decode).code());
        }
        kernels.put("attention-join", new AttentionJoin(tier, HEAD_DIM).code());
    }
}
