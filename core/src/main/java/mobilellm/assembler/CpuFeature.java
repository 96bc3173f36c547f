package mobilellm.assembler;

import java.util.List;

/// Extensions of the instruction set that matter here, and where CPUID tells of them (Intel's manual, volume 2, CPUID).
public enum CpuFeature {
    AVX("avx", 1, 0, CpuFeature.ECX, 28, CpuFeature.YMM_STATE),
    FMA("fma", 1, 0, CpuFeature.ECX, 12, CpuFeature.YMM_STATE),
    F16C("f16c", 1, 0, CpuFeature.ECX, 29, CpuFeature.YMM_STATE),
    AVX2("avx2", 7, 0, CpuFeature.EBX, 5, CpuFeature.YMM_STATE),
    AVX_VNNI("avx_vnni", 7, 1, CpuFeature.EAX, 4, CpuFeature.YMM_STATE),
    AVX512F("avx512f", 7, 0, CpuFeature.EBX, 16, CpuFeature.ZMM_STATE),
    AVX512DQ("avx512dq", 7, 0, CpuFeature.EBX, 17, CpuFeature.ZMM_STATE),
    AVX512BW("avx512bw", 7, 0, CpuFeature.EBX, 30, CpuFeature.ZMM_STATE),
    AVX512VL("avx512vl", 7, 0, CpuFeature.EBX, 31, CpuFeature.ZMM_STATE),
    AVX512VBMI("avx512vbmi", 7, 0, CpuFeature.ECX, 1, CpuFeature.ZMM_STATE),
    AVX512VNNI("avx512_vnni", 7, 0, CpuFeature.ECX, 11, CpuFeature.ZMM_STATE),
    AVX512BF16("avx512_bf16", 7, 1, CpuFeature.EAX, 5, CpuFeature.ZMM_STATE),
    AVX512FP16("avx512_fp16", 7, 0, CpuFeature.EDX, 23, CpuFeature.ZMM_STATE);

    private static final int EAX = 0;
    private static final int EBX = 1;
    private static final int ECX = 2;
    private static final int EDX = 3;

    /// Bits of XCR0: the system saves xmm and ymm when it switches threads.
    private static final int YMM_STATE = 0x06;

    /// The same for masks, the upper halves of zmm0 to 15, and zmm16 to 31.
    private static final int ZMM_STATE = 0xE6;

    /// As Linux names it.
    private final String flag;

    private final int leaf;
    private final int subleaf;
    private final int register;
    private final int bit;
    private final int state;

    CpuFeature(String flag, int leaf, int subleaf, int register, int bit, int state) {
        this.flag = flag;
        this.leaf = leaf;
        this.subleaf = subleaf;
        this.register = register;
        this.bit = bit;
        this.state = state;
    }

    /// Whether processor and system have it.
    ///
    /// @param xcr0 what the system saves, 0 if it does not say
    boolean isIn(CpuQuery query, int xcr0) {
        List<Integer> registers = query.leaf(leaf, subleaf);
        return (registers.get(register) >>> bit & 1) == 1 && (xcr0 & state) == state;
    }

    @Override
    public String toString() {
        return flag;
    }
}
