package mobilellm.assembler;

import java.util.Locale;

/// What a conditional jump asks of the flags, with its number in instructions.
public enum Condition {
    O(0),
    NO(1),
    /// Below: less, unsigned; also "carry".
    B(2),
    /// Above or equal, unsigned; also "no carry".
    AE(3),
    /// Equal; also "zero".
    E(4),
    /// Not equal; also "not zero".
    NE(5),
    BE(6),
    A(7),
    S(8),
    NS(9),
    P(10),
    NP(11),
    /// Less, signed.
    L(12),
    GE(13),
    LE(14),
    G(15);

    private final int number;

    Condition(int number) {
        this.number = number;
    }

    /// The lowest four bits of opcodes.
    int number() {
        return number;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
