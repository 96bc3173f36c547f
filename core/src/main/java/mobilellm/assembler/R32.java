package mobilellm.assembler;

import java.util.List;

/// The lower 32 bits of a general register; writing them clears the upper ones. [Registers] names them.
public record R32(int number) implements General<R32> {
    private static final List<String> NAMES =
            List.of("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi");

    public R32 {
        Registers.checkNumber(number, 16);
    }

    @Override
    public String toString() {
        return number < 8 ? NAMES.get(number) : "r" + number + "d";
    }
}
