package mobilellm.assembler;

import java.util.List;

/// A general register as 64 bits; [Registers] names them.
public record R64(int number) implements General<R64> {
    private static final List<String> NAMES =
            List.of("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi");

    public R64 {
        Registers.checkNumber(number, 16);
    }

    @Override
    public String toString() {
        return number < 8 ? NAMES.get(number) : "r" + number;
    }
}
