package mobilellm.assembler;

import org.jspecify.annotations.Nullable;

/// A memory operand, made by [Registers#mem] or as a constant by the [Assembler].
///
/// @param <T> the register whose place it takes
public record Memory<T>(Address address, boolean broadcast, Masking masking) implements Source<T> {
    /// Where the memory lies.
    sealed interface Address {}

    /// `base + index * scale + displacement`.
    record Based(R64 base, @Nullable R64 index, int scale, int displacement) implements Address {
        Based {
            if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
                throw new IllegalArgumentException("scale must be 1, 2, 4 or 8, got " + scale);
            }
            if (index != null && index.number() == Registers.rsp.number()) {
                throw new IllegalArgumentException("rsp cannot be an index");
            }
        }

        @Override
        public String toString() {
            String sign = displacement < 0 ? "-" : "+";
            return "["
                    + base
                    + (index == null ? "" : "+" + index + "*" + scale)
                    + (displacement == 0 ? "" : sign + Math.abs((long) displacement))
                    + "]";
        }
    }

    /// A place in the same code, relative to the end of the instruction.
    record Relative(Label label) implements Address {
        @Override
        public String toString() {
            return "[rip+" + label + "]";
        }
    }

    @Override
    public String toString() {
        return address + masking.toString();
    }
}
