package mobilellm.assembler;

import java.util.EnumSet;
import java.util.Set;

/// Sets of instructions that kernels are written for, slowest first.
public enum CpuTier {
    /// Vectors of 256 bits, fused multiply-add, f16 conversion.
    AVX2(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C),

    /// The same with `vpdpbusdVex`.
    AVX_VNNI(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C, CpuFeature.AVX_VNNI),

    /// Vectors of 512 bits, masks, `vpdpbusd`; all that AVX2 has.
    AVX512_VNNI(
            CpuFeature.AVX,
            CpuFeature.AVX2,
            CpuFeature.FMA,
            CpuFeature.F16C,
            CpuFeature.AVX512F,
            CpuFeature.AVX512BW,
            CpuFeature.AVX512VL,
            CpuFeature.AVX512DQ,
            CpuFeature.AVX512VNNI);

    @SuppressWarnings("ImmutableEnumChecker") // Nobody changes it.
    private final Set<CpuFeature> needed;

    CpuTier(CpuFeature first, CpuFeature... rest) {
        needed = EnumSet.of(first, rest);
    }

    /// Whether all of its instructions are in `features`.
    public boolean isIn(Set<CpuFeature> features) {
        return features.containsAll(needed);
    }
}
