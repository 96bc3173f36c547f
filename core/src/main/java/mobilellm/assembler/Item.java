package mobilellm.assembler;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.stream.Collectors;

/// What code consists of before its addresses are known.
sealed interface Item permits Item.Instruction, Item.Jump, Item.Align, Label {
    /// An instruction whose bytes are known, up to a displacement relative to its end.
    final class Instruction implements Item {
        private final String mnemonic;
        private final List<Object> operands;
        private final String broadcast;

        final byte[] bytes;

        /// Where the four bytes at `patch` lead to.
        final @Nullable Label target;

        final int patch;

        /// @param operands as written, destination first
        /// @param broadcast what the memory operand carries in the listing: `{1to16}` or nothing
        Instruction(
                String mnemonic,
                List<Object> operands,
                String broadcast,
                byte[] bytes,
                int patch,
                @Nullable Label target) {
            this.mnemonic = mnemonic;
            this.operands = operands;
            this.broadcast = broadcast;
            this.bytes = bytes;
            this.patch = patch;
            this.target = target;
        }

        @Override
        public String toString() {
            return operands.stream()
                    .map(
                            operand ->
                                    operand instanceof Memory<?> memory
                                            ? memory + broadcast
                                            : operand.toString())
                    .collect(Collectors.joining(", ", mnemonic + " ", ""))
                    .strip();
        }
    }

    /// A jump to a label, two bytes long where the distance allows it.
    ///
    /// @param condition null for an unconditional jump
    record Jump(@Nullable Condition condition, Label target) implements Item {
        @Override
        public String toString() {
            return (condition == null ? "jmp " : "j" + condition + " ") + target;
        }
    }

    /// Filling up to an address that is a multiple of `boundary`.
    record Align(int boundary) implements Item {
        @Override
        public String toString() {
            return ".align " + boundary;
        }
    }
}
