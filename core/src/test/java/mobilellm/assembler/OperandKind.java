package mobilellm.assembler;

import java.util.List;
import java.util.Locale;

/// Kinds of registers, their names written down independently of the code under test.
enum OperandKind {
    R32(16, 0) {
        @Override
        Object register(int number) {
            return new R32(number);
        }

        @Override
        String text(int number) {
            return number < 8 ? "e" + OLD.get(number) : "r" + number + "d";
        }
    },
    R64(16, 0) {
        @Override
        Object register(int number) {
            return new R64(number);
        }

        @Override
        String text(int number) {
            return number < 8 ? "r" + OLD.get(number) : "r" + number;
        }
    },
    MASK(8, 0) {
        @Override
        Object register(int number) {
            return Registers.k(number);
        }

        @Override
        String text(int number) {
            return "k" + number;
        }
    },
    XMM(32, 16) {
        @Override
        Object register(int number) {
            return Registers.xmm(number);
        }

        @Override
        String text(int number) {
            return "xmm" + number;
        }
    },
    YMM(32, 32) {
        @Override
        Object register(int number) {
            return Registers.ymm(number);
        }

        @Override
        String text(int number) {
            return "ymm" + number;
        }
    },
    ZMM(32, 64) {
        @Override
        Object register(int number) {
            return Registers.zmm(number);
        }

        @Override
        String text(int number) {
            return "zmm" + number;
        }
    };

    private static final List<String> OLD = List.of("ax", "cx", "dx", "bx", "sp", "bp", "si", "di");

    final int count;

    /// Bytes of a vector; 0 for others.
    final int bytes;

    OperandKind(int count, int bytes) {
        this.count = count;
        this.bytes = bytes;
    }

    abstract Object register(int number);

    abstract String text(int number);

    boolean isVector() {
        return bytes > 0;
    }

    static OperandKind of(Class<?> type) {
        return valueOf(type.getSimpleName().toUpperCase(Locale.ROOT));
    }
}
