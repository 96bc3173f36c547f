package mobilellm.assembler;

import static mobilellm.assembler.Encoding.BYTES;
import static mobilellm.assembler.Encoding.DOUBLE;
import static mobilellm.assembler.Encoding.DWORDS;
import static mobilellm.assembler.Encoding.QWORDS;
import static mobilellm.assembler.Encoding.WIDE_QWORDS;

/// Arithmetic, shifts, bits and comparisons on vectors of integers.
abstract class IntegerInstructions extends MoveInstructions {
    // Sums and differences; s and us saturate.

    public final <V extends Vector<V, ?>> void vpaddb(V d, V a, Source<V> b) {
        rvm("vpaddb", BYTES, 0x660FFC, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddw(V d, V a, Source<V> b) {
        rvm("vpaddw", BYTES, 0x660FFD, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddd(V d, V a, Source<V> b) {
        rvm("vpaddd", DWORDS, 0x660FFE, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddq(V d, V a, Source<V> b) {
        rvm("vpaddq", QWORDS, 0x660FD4, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubb(V d, V a, Source<V> b) {
        rvm("vpsubb", BYTES, 0x660FF8, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubw(V d, V a, Source<V> b) {
        rvm("vpsubw", BYTES, 0x660FF9, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubd(V d, V a, Source<V> b) {
        rvm("vpsubd", DWORDS, 0x660FFA, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubq(V d, V a, Source<V> b) {
        rvm("vpsubq", QWORDS, 0x660FFB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddsb(V d, V a, Source<V> b) {
        rvm("vpaddsb", BYTES, 0x660FEC, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddsw(V d, V a, Source<V> b) {
        rvm("vpaddsw", BYTES, 0x660FED, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddusb(V d, V a, Source<V> b) {
        rvm("vpaddusb", BYTES, 0x660FDC, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpaddusw(V d, V a, Source<V> b) {
        rvm("vpaddusw", BYTES, 0x660FDD, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubsb(V d, V a, Source<V> b) {
        rvm("vpsubsb", BYTES, 0x660FE8, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubsw(V d, V a, Source<V> b) {
        rvm("vpsubsw", BYTES, 0x660FE9, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubusb(V d, V a, Source<V> b) {
        rvm("vpsubusb", BYTES, 0x660FD8, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsubusw(V d, V a, Source<V> b) {
        rvm("vpsubusw", BYTES, 0x660FD9, d, a, b);
    }

    // Products.

    public final <V extends Vector<V, ?>> void vpmullw(V d, V a, Source<V> b) {
        rvm("vpmullw", BYTES, 0x660FD5, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmulhw(V d, V a, Source<V> b) {
        rvm("vpmulhw", BYTES, 0x660FE5, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmulhrsw(V d, V a, Source<V> b) {
        rvm("vpmulhrsw", BYTES, 0x660F380B, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmulld(V d, V a, Source<V> b) {
        rvm("vpmulld", DWORDS, 0x660F3840, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmullq(V d, V a, Source<V> b) {
        rvm("vpmullq", QWORDS.onlyEvex(), 0x660F3840, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmuldq(V d, V a, Source<V> b) {
        rvm("vpmuldq", QWORDS, 0x660F3828, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmuludq(V d, V a, Source<V> b) {
        rvm("vpmuludq", QWORDS, 0x660FF4, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaddwd(V d, V a, Source<V> b) {
        rvm("vpmaddwd", BYTES, 0x660FF5, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaddubsw(V d, V a, Source<V> b) {
        rvm("vpmaddubsw", BYTES, 0x660F3804, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsadbw(V d, V a, Source<V> b) {
        rvm("vpsadbw", BYTES.unmasked(), 0x660FF6, d, a, b);
    }

    // Products of u8 by s8, or of s16, summed in fours or twos and added to d. AVX-512 VNNI has the
    // plain names, AVX-VNNI those with Vex.

    public final <V extends Vector<V, ?>> void vpdpbusd(V d, V a, Source<V> b) {
        rvm("vpdpbusd", DWORDS.onlyEvex(), 0x660F3850, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpdpbusdVex(V d, V a, Source<V> b) {
        rvm("{vex} vpdpbusd", DWORDS.onlyVex(), 0x660F3850, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpdpbusds(V d, V a, Source<V> b) {
        rvm("vpdpbusds", DWORDS.onlyEvex(), 0x660F3851, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpdpbusdsVex(V d, V a, Source<V> b) {
        rvm("{vex} vpdpbusds", DWORDS.onlyVex(), 0x660F3851, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpdpwssd(V d, V a, Source<V> b) {
        rvm("vpdpwssd", DWORDS.onlyEvex(), 0x660F3852, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpdpwssdVex(V d, V a, Source<V> b) {
        rvm("{vex} vpdpwssd", DWORDS.onlyVex(), 0x660F3852, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpdpwssds(V d, V a, Source<V> b) {
        rvm("vpdpwssds", DWORDS.onlyEvex(), 0x660F3853, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpdpwssdsVex(V d, V a, Source<V> b) {
        rvm("{vex} vpdpwssds", DWORDS.onlyVex(), 0x660F3853, d, a, b);
    }

    // Bits.

    public final <V extends Vector<V, ?> & Narrow> void vpand(V d, V a, Source<V> b) {
        rvm("vpand", BYTES.onlyVex(), 0x660FDB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpandd(V d, V a, Source<V> b) {
        rvm("vpandd", DWORDS.onlyEvex(), 0x660FDB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpandq(V d, V a, Source<V> b) {
        rvm("vpandq", QWORDS.onlyEvex(), 0x660FDB, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpandn(V d, V a, Source<V> b) {
        rvm("vpandn", BYTES.onlyVex(), 0x660FDF, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpandnd(V d, V a, Source<V> b) {
        rvm("vpandnd", DWORDS.onlyEvex(), 0x660FDF, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpandnq(V d, V a, Source<V> b) {
        rvm("vpandnq", QWORDS.onlyEvex(), 0x660FDF, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpor(V d, V a, Source<V> b) {
        rvm("vpor", BYTES.onlyVex(), 0x660FEB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpord(V d, V a, Source<V> b) {
        rvm("vpord", DWORDS.onlyEvex(), 0x660FEB, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vporq(V d, V a, Source<V> b) {
        rvm("vporq", QWORDS.onlyEvex(), 0x660FEB, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpxor(V d, V a, Source<V> b) {
        rvm("vpxor", BYTES.onlyVex(), 0x660FEF, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpxord(V d, V a, Source<V> b) {
        rvm("vpxord", DWORDS.onlyEvex(), 0x660FEF, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpxorq(V d, V a, Source<V> b) {
        rvm("vpxorq", QWORDS.onlyEvex(), 0x660FEF, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpternlogd(V d, V a, Source<V> b, int immediate) {
        rvmi("vpternlogd", DWORDS.onlyEvex(), 0x660F3A25, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpternlogq(V d, V a, Source<V> b, int immediate) {
        rvmi("vpternlogq", QWORDS.onlyEvex(), 0x660F3A25, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?> & Narrow> void vptest(V d, Source<V> s) {
        rm("vptest", BYTES.onlyVex(), 0x660F3817, d, s);
    }

    // Shifts: by an immediate, by the lowest 64 bits of a register, each element by its own count.

    public final <V extends Vector<V, ?>> void vpsrlw(V d, V s, int immediate) {
        vmi("vpsrlw", BYTES, 0x660F71, 2, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsraw(V d, V s, int immediate) {
        vmi("vpsraw", BYTES, 0x660F71, 4, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsllw(V d, V s, int immediate) {
        vmi("vpsllw", BYTES, 0x660F71, 6, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsrld(V d, V s, int immediate) {
        vmi("vpsrld", BYTES, 0x660F72, 2, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsrad(V d, V s, int immediate) {
        vmi("vpsrad", BYTES, 0x660F72, 4, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpslld(V d, V s, int immediate) {
        vmi("vpslld", BYTES, 0x660F72, 6, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsrlq(V d, V s, int immediate) {
        vmi("vpsrlq", QWORDS, 0x660F73, 2, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsllq(V d, V s, int immediate) {
        vmi("vpsllq", QWORDS, 0x660F73, 6, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsraq(V d, V s, int immediate) {
        vmi("vpsraq", QWORDS.onlyEvex(), 0x660F72, 4, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsrldq(V d, V s, int immediate) {
        vmi("vpsrldq", BYTES.unmasked(), 0x660F73, 3, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpslldq(V d, V s, int immediate) {
        vmi("vpslldq", BYTES.unmasked(), 0x660F73, 7, d, s, immediate);
    }

    public final <V extends Vector<V, ?>> void vpsrlw(V d, V a, Source<Xmm> b) {
        rvm("vpsrlw", BYTES.memory(16), 0x660FD1, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsrld(V d, V a, Source<Xmm> b) {
        rvm("vpsrld", BYTES.memory(16), 0x660FD2, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsrlq(V d, V a, Source<Xmm> b) {
        rvm("vpsrlq", DOUBLE.memory(16), 0x660FD3, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsraw(V d, V a, Source<Xmm> b) {
        rvm("vpsraw", BYTES.memory(16), 0x660FE1, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsrad(V d, V a, Source<Xmm> b) {
        rvm("vpsrad", BYTES.memory(16), 0x660FE2, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsllw(V d, V a, Source<Xmm> b) {
        rvm("vpsllw", BYTES.memory(16), 0x660FF1, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpslld(V d, V a, Source<Xmm> b) {
        rvm("vpslld", BYTES.memory(16), 0x660FF2, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsllq(V d, V a, Source<Xmm> b) {
        rvm("vpsllq", DOUBLE.memory(16), 0x660FF3, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsrlvw(V d, V a, Source<V> b) {
        rvm("vpsrlvw", BYTES.w1().onlyEvex(), 0x660F3810, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsravw(V d, V a, Source<V> b) {
        rvm("vpsravw", BYTES.w1().onlyEvex(), 0x660F3811, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsllvw(V d, V a, Source<V> b) {
        rvm("vpsllvw", BYTES.w1().onlyEvex(), 0x660F3812, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsrlvd(V d, V a, Source<V> b) {
        rvm("vpsrlvd", DWORDS, 0x660F3845, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsravd(V d, V a, Source<V> b) {
        rvm("vpsravd", DWORDS, 0x660F3846, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsllvd(V d, V a, Source<V> b) {
        rvm("vpsllvd", DWORDS, 0x660F3847, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsrlvq(V d, V a, Source<V> b) {
        rvm("vpsrlvq", WIDE_QWORDS, 0x660F3845, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsravq(V d, V a, Source<V> b) {
        rvm("vpsravq", QWORDS.onlyEvex(), 0x660F3846, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpsllvq(V d, V a, Source<V> b) {
        rvm("vpsllvq", WIDE_QWORDS, 0x660F3847, d, a, b);
    }

    // Signs, minimum, maximum.

    public final <V extends Vector<V, ?> & Narrow> void vpsignb(V d, V a, Source<V> b) {
        rvm("vpsignb", BYTES.onlyVex(), 0x660F3808, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpsignw(V d, V a, Source<V> b) {
        rvm("vpsignw", BYTES.onlyVex(), 0x660F3809, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpsignd(V d, V a, Source<V> b) {
        rvm("vpsignd", BYTES.onlyVex(), 0x660F380A, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpabsb(V d, Source<V> s) {
        rm("vpabsb", BYTES, 0x660F381C, d, s);
    }

    public final <V extends Vector<V, ?>> void vpabsw(V d, Source<V> s) {
        rm("vpabsw", BYTES, 0x660F381D, d, s);
    }

    public final <V extends Vector<V, ?>> void vpabsd(V d, Source<V> s) {
        rm("vpabsd", DWORDS, 0x660F381E, d, s);
    }

    public final <V extends Vector<V, ?>> void vpabsq(V d, Source<V> s) {
        rm("vpabsq", QWORDS.onlyEvex(), 0x660F381F, d, s);
    }

    public final <V extends Vector<V, ?>> void vpminub(V d, V a, Source<V> b) {
        rvm("vpminub", BYTES, 0x660FDA, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaxub(V d, V a, Source<V> b) {
        rvm("vpmaxub", BYTES, 0x660FDE, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpminsw(V d, V a, Source<V> b) {
        rvm("vpminsw", BYTES, 0x660FEA, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaxsw(V d, V a, Source<V> b) {
        rvm("vpmaxsw", BYTES, 0x660FEE, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpminsb(V d, V a, Source<V> b) {
        rvm("vpminsb", BYTES, 0x660F3838, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpminsd(V d, V a, Source<V> b) {
        rvm("vpminsd", DWORDS, 0x660F3839, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpminuw(V d, V a, Source<V> b) {
        rvm("vpminuw", BYTES, 0x660F383A, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpminud(V d, V a, Source<V> b) {
        rvm("vpminud", DWORDS, 0x660F383B, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaxsb(V d, V a, Source<V> b) {
        rvm("vpmaxsb", BYTES, 0x660F383C, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaxsd(V d, V a, Source<V> b) {
        rvm("vpmaxsd", DWORDS, 0x660F383D, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaxuw(V d, V a, Source<V> b) {
        rvm("vpmaxuw", BYTES, 0x660F383E, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpmaxud(V d, V a, Source<V> b) {
        rvm("vpmaxud", DWORDS, 0x660F383F, d, a, b);
    }

    // Comparisons: into a vector of all ones and zeros, or into a mask.

    public final <V extends Vector<V, ?> & Narrow> void vpcmpeqb(V d, V a, Source<V> b) {
        rvm("vpcmpeqb", BYTES.onlyVex(), 0x660F74, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpeqb(Mask d, V a, Source<V> b) {
        rvm("vpcmpeqb", BYTES.onlyEvex(), 0x660F74, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpcmpeqw(V d, V a, Source<V> b) {
        rvm("vpcmpeqw", BYTES.onlyVex(), 0x660F75, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpeqw(Mask d, V a, Source<V> b) {
        rvm("vpcmpeqw", BYTES.onlyEvex(), 0x660F75, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpcmpeqd(V d, V a, Source<V> b) {
        rvm("vpcmpeqd", DWORDS.onlyVex(), 0x660F76, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpeqd(Mask d, V a, Source<V> b) {
        rvm("vpcmpeqd", DWORDS.onlyEvex(), 0x660F76, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpcmpgtb(V d, V a, Source<V> b) {
        rvm("vpcmpgtb", BYTES.onlyVex(), 0x660F64, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpgtb(Mask d, V a, Source<V> b) {
        rvm("vpcmpgtb", BYTES.onlyEvex(), 0x660F64, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpcmpgtw(V d, V a, Source<V> b) {
        rvm("vpcmpgtw", BYTES.onlyVex(), 0x660F65, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpgtw(Mask d, V a, Source<V> b) {
        rvm("vpcmpgtw", BYTES.onlyEvex(), 0x660F65, d, a, b);
    }

    public final <V extends Vector<V, ?> & Narrow> void vpcmpgtd(V d, V a, Source<V> b) {
        rvm("vpcmpgtd", DWORDS.onlyVex(), 0x660F66, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpgtd(Mask d, V a, Source<V> b) {
        rvm("vpcmpgtd", DWORDS.onlyEvex(), 0x660F66, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vpcmpb(Mask d, V a, Source<V> b, int immediate) {
        rvmi("vpcmpb", BYTES.onlyEvex(), 0x660F3A3F, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpcmpub(Mask d, V a, Source<V> b, int immediate) {
        rvmi("vpcmpub", BYTES.onlyEvex(), 0x660F3A3E, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpcmpw(Mask d, V a, Source<V> b, int immediate) {
        rvmi("vpcmpw", BYTES.w1().onlyEvex(), 0x660F3A3F, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpcmpd(Mask d, V a, Source<V> b, int immediate) {
        rvmi("vpcmpd", DWORDS.onlyEvex(), 0x660F3A1F, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vpcmpud(Mask d, V a, Source<V> b, int immediate) {
        rvmi("vpcmpud", DWORDS.onlyEvex(), 0x660F3A1E, d, a, b, immediate);
    }

    public final <V extends Vector<V, ?>> void vptestmd(Mask d, V a, Source<V> b) {
        rvm("vptestmd", DWORDS.onlyEvex(), 0x660F3827, d, a, b);
    }

    public final <V extends Vector<V, ?>> void vptestnmd(Mask d, V a, Source<V> b) {
        rvm("vptestnmd", DWORDS.onlyEvex(), 0xF30F3827, d, a, b);
    }
}
