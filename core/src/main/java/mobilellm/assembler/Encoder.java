package mobilellm.assembler;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Turns operands into the bytes of one instruction: prefixes (legacy with REX, VEX or EVEX), opcode, ModRM, SIB, displacement, immediate.
///
/// VEX is taken where it can express the instruction, since it is shorter; EVEX for 512 bits, registers from 16 on, masks and
/// broadcasts. The formats are those of Intel's manual, volume 2, chapter 2.
abstract class Encoder {
    private static final int LONGEST = 15;
    private static final int RIP_RELATIVE = 5;
    private static final int SIB_FOLLOWS = 4;
    private static final int NO_INDEX = 4;

    /// For instructions without an immediate byte.
    static final int NONE = -1;

    final List<Item> items = new ArrayList<>();
    private final ByteBuffer out = ByteBuffer.allocate(LONGEST + 1).order(ByteOrder.LITTLE_ENDIAN);
    private int patch;
    private @Nullable Label target;

    /// An instruction without operands, or whose operands are in its opcode.
    final void fixed(String mnemonic, int... bytes) {
        begin();
        for (int value : bytes) {
            put(value);
        }
        end(mnemonic, "");
    }

    /// A legacy instruction on general registers.
    ///
    /// @param wide whether it works on 64 bits (REX.W)
    /// @param reg register, or extension of the opcode, in ModRM.reg
    /// @param immediateBytes 0, 1 or 4
    final void legacy(
            String mnemonic,
            boolean wide,
            int opcode,
            int reg,
            Source<?> rm,
            int immediateBytes,
            int immediate,
            Object... operands) {
        if (rm instanceof Memory<?>(_, boolean broadcast, Masking masking)
                && (broadcast || masking.mask().number() != 0)) {
            throw new IllegalArgumentException(mnemonic + " takes no broadcasts and no masks");
        }
        begin();
        Opcode op = Opcode.of(opcode);
        if (op.prefix() != 0) {
            put(op.prefix());
        }
        int rex = (wide ? 8 : 0) | reg >> 3 << 2 | indexBit(rm) << 1 | baseBit(rm);
        if (rex != 0) {
            put(0x40 | rex);
        }
        if (op.map() == 1) {
            put(0x0F);
        }
        put(op.code());
        modRm(reg, rm, 1);
        switch (immediateBytes) {
            case 1 -> put(immediate);
            case 4 -> out.putInt(immediate);
            default -> {}
        }
        end(mnemonic, "", operands);
    }

    /// An instruction with the register in the opcode's lowest three bits.
    ///
    /// @param immediateBytes 0, 4 or 8
    final void inOpcode(
            String mnemonic,
            boolean wide,
            int opcode,
            General<?> register,
            int immediateBytes,
            long immediate,
            Object... operands) {
        begin();
        int rex = (wide ? 8 : 0) | register.number() >> 3;
        if (rex != 0) {
            put(0x40 | rex);
        }
        put(opcode | (register.number() & 7));
        switch (immediateBytes) {
            case 4 -> out.putInt((int) immediate);
            case 8 -> out.putLong(immediate);
            default -> {}
        }
        end(mnemonic, "", operands);
    }

    /// A VEX or EVEX instruction: `reg` in ModRM.reg, `second` in vvvv (0 where there is none), `rm` in ModRM.rm.
    ///
    /// @param immediate the byte at the end, or [#NONE]
    /// @param operands as written, destination first
    final void vector(
            String mnemonic,
            Encoding encoding,
            int opcode,
            int reg,
            int second,
            Source<?> rm,
            int immediate,
            Object... operands) {
        if (immediate < NONE || immediate > 0xFF) {
            throw new IllegalArgumentException(
                    mnemonic + ": the immediate must be 0 to 255, got " + immediate);
        }
        int bytes = 16;
        boolean upper = false;
        for (Object operand : operands) {
            if (operand instanceof Vector<?, ?> vector) {
                bytes = Math.max(bytes, vector.bytes());
                upper |= vector.number() >= 16;
            }
        }
        Masking masking = masking(mnemonic, operands);
        boolean broadcast = rm instanceof Memory<?> memory && memory.broadcast();
        boolean evex =
                !encoding.vex()
                        || bytes == 64
                        || upper
                        || broadcast
                        || masking.mask().number() != 0;
        if (evex && !encoding.evex()) {
            throw new IllegalArgumentException(
                    mnemonic
                            + " has no EVEX form: no 512 bits, registers from 16 on, masks or"
                            + " broadcasts: "
                            + Arrays.toString(operands));
        }
        if (broadcast && encoding.element() == 0) {
            throw new IllegalArgumentException(mnemonic + " cannot broadcast from memory");
        }
        if (masking.mask().number() != 0 && !encoding.maskable()) {
            throw new IllegalArgumentException(mnemonic + " takes no mask");
        }
        begin();
        Opcode op = Opcode.of(opcode);
        int width = bytes >> 5; // L'L: 0, 1, 2 for 16, 32, 64 bytes.
        int memoryBytes = encoding.memoryBytes(bytes);
        if (evex) {
            evex(op, encoding.evexW(), width, reg, second, rm, masking, broadcast);
        } else {
            vex(op, encoding.vexW(), width, reg, second, rm);
        }
        put(op.code());
        modRm(reg, rm, !evex ? 1 : broadcast ? encoding.element() : memoryBytes);
        if (immediate != NONE) {
            put(immediate);
        }
        end(mnemonic, broadcast ? "{1to" + memoryBytes / encoding.element() + "}" : "", operands);
    }

    private static Masking masking(String mnemonic, Object... operands) {
        Masking found = Masking.NONE;
        for (int i = 0; i < operands.length; i++) {
            Masking masking =
                    switch (operands[i]) {
                        case Xmm x -> x.masking();
                        case Ymm y -> y.masking();
                        case Zmm z -> z.masking();
                        case Memory<?> m -> m.masking();
                        default -> Masking.NONE;
                    };
            if (i == 0) {
                found = masking;
            } else if (!masking.equals(Masking.NONE)) {
                throw new IllegalArgumentException(
                        mnemonic + ": only the destination takes a mask, got " + operands[i]);
            }
        }
        return found;
    }

    private void vex(Opcode op, boolean w, int width, int reg, int second, Source<?> rm) {
        int notR = reg >> 3 ^ 1;
        int x = indexBit(rm);
        int b = baseBit(rm);
        int rest = (second ^ 15) << 3 | width << 2 | op.pp();
        if (x == 0 && b == 0 && !w && op.map() == 1) {
            put(0xC5);
            put(notR << 7 | rest);
        } else {
            put(0xC4);
            put(notR << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map());
            put((w ? 0x80 : 0) | rest);
        }
    }

    private void evex(
            Opcode op,
            boolean w,
            int width,
            int reg,
            int second,
            Source<?> rm,
            Masking masking,
            boolean broadcast) {
        put(0x62);
        put(
                (((reg >> 3) & 1) ^ 1) << 7
                        | (indexBit(rm) ^ 1) << 6
                        | (baseBit(rm) ^ 1) << 5
                        | (reg >> 4 ^ 1) << 4
                        | op.map());
        put((w ? 0x80 : 0) | ((second & 15) ^ 15) << 3 | 4 | op.pp());
        put(
                (masking.zeroing() ? 0x80 : 0)
                        | width << 5
                        | (broadcast ? 0x10 : 0)
                        | (second >> 4 ^ 1) << 3
                        | masking.mask().number());
    }

    /// The X bit of a prefix: bit 3 of the index, or bit 4 of a register.
    private static int indexBit(Source<?> rm) {
        return switch (rm) {
            case Register<?> register -> register.number() >> 4;
            case Memory<?> memory ->
                    memory.address() instanceof Memory.Based based && based.index() != null
                            ? based.index().number() >> 3
                            : 0;
        };
    }

    /// The B bit of a prefix: bit 3 of the base, or of a register.
    private static int baseBit(Source<?> rm) {
        return switch (rm) {
            case Register<?> register -> register.number() >> 3 & 1;
            case Memory<?> memory ->
                    memory.address() instanceof Memory.Based based ? based.base().number() >> 3 : 0;
        };
    }

    /// @param unit the bytes that a displacement of one byte counts in: EVEX's disp8*N
    private void modRm(int reg, Source<?> rm, int unit) {
        int field = (reg & 7) << 3;
        switch (rm) {
            case Register<?> register -> put(0xC0 | field | (register.number() & 7));
            case Memory<?>(Memory.Based based, _, _) -> based(field, based, unit);
            case Memory<?>(Memory.Relative relative, _, _) -> {
                put(field | RIP_RELATIVE);
                patch = out.position();
                target = relative.label();
                out.putInt(0);
            }
        }
    }

    private void based(int field, Memory.Based memory, int unit) {
        int base = memory.base().number() & 7;
        int displacement = memory.displacement();
        boolean sib = memory.index() != null || base == SIB_FOLLOWS;
        boolean divides = displacement % unit == 0;
        int mod;
        if (displacement == 0 && base != RIP_RELATIVE) {
            mod = 0;
        } else {
            mod = divides && (byte) (displacement / unit) == displacement / unit ? 1 : 2;
        }
        put(mod << 6 | field | (sib ? SIB_FOLLOWS : base));
        if (sib) {
            int index = memory.index() == null ? NO_INDEX : memory.index().number() & 7;
            put(Integer.numberOfTrailingZeros(memory.scale()) << 6 | index << 3 | base);
        }
        if (mod == 1) {
            put(displacement / unit);
        } else if (mod == 2) {
            out.putInt(displacement);
        }
    }

    private void begin() {
        out.clear();
        patch = 0;
        target = null;
    }

    private void end(String mnemonic, String broadcast, Object... operands) {
        byte[] bytes = Arrays.copyOf(out.array(), out.position());
        items.add(
                new Item.Instruction(mnemonic, List.of(operands), broadcast, bytes, patch, target));
    }

    private void put(int value) {
        out.put((byte) value);
    }

    // The shapes of vector instructions, named after where their operands go: r = ModRM.reg, v =
    // vvvv, m = ModRM.rm.

    final void rm(String name, Encoding e, int opcode, Register<?> d, Source<?> s) {
        vector(name, e, opcode, d.number(), 0, s, NONE, d, s);
    }

    final void rmi(String name, Encoding e, int opcode, Register<?> d, Source<?> s, int immediate) {
        vector(name, e, opcode, d.number(), 0, s, immediate, d, s, immediate);
    }

    final void mr(String name, Encoding e, int opcode, Source<?> d, Register<?> s) {
        vector(name, e, opcode, s.number(), 0, d, NONE, d, s);
    }

    final void mri(String name, Encoding e, int opcode, Source<?> d, Register<?> s, int immediate) {
        vector(name, e, opcode, s.number(), 0, d, immediate, d, s, immediate);
    }

    final void rvm(String name, Encoding e, int opcode, Register<?> d, Register<?> a, Source<?> b) {
        vector(name, e, opcode, d.number(), a.number(), b, NONE, d, a, b);
    }

    final void rvmi(
            String name,
            Encoding e,
            int opcode,
            Register<?> d,
            Register<?> a,
            Source<?> b,
            int immediate) {
        vector(name, e, opcode, d.number(), a.number(), b, immediate, d, a, b, immediate);
    }

    /// With a fourth register in the upper half of the immediate.
    final void rvmr(
            String name,
            Encoding e,
            int opcode,
            Register<?> d,
            Register<?> a,
            Source<?> b,
            Register<?> c) {
        vector(name, e, opcode, d.number(), a.number(), b, c.number() << 4 & 0xFF, d, a, b, c);
    }

    /// With an extension of the opcode in ModRM.reg.
    final void vmi(
            String name,
            Encoding e,
            int opcode,
            int extension,
            Register<?> d,
            Register<?> s,
            int immediate) {
        vector(name, e, opcode, extension, d.number(), s, immediate, d, s, immediate);
    }
}
