package mobilellm.assembler;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Tries a form on all registers, addresses, displacements, masks and a choice of immediates.
///
/// The text of each case is made from the method's name and the operands alone, not from what the assembler says it wrote.
final class EncodingSweep {
    private static final List<Integer> DISPLACEMENTS =
            List.of(
                    1,
                    4,
                    -4,
                    32,
                    -32,
                    64,
                    -64,
                    100,
                    127,
                    128,
                    -128,
                    -129,
                    252,
                    254,
                    256,
                    504,
                    508,
                    512,
                    1016,
                    1024,
                    -1024,
                    2032,
                    2048,
                    -2048,
                    -2064,
                    4064,
                    4096,
                    -4096,
                    8128,
                    8192,
                    -8192,
                    -8256,
                    Integer.MAX_VALUE,
                    Integer.MIN_VALUE);
    private static final List<Integer> BYTE_EDGES = List.of(1, 127, 128, -128, -129, 64);
    private static final List<Integer> BROADCAST_DISPLACEMENTS =
            List.of(0, 1, 4, 8, -4, 508, 512, -512, -516, 1016, 1024, -1024, -1032);
    private static final List<Integer> BYTES = List.of(0, 1, 7, 8, 127, 128, 201, 255);
    private static final List<Integer> DWORDS =
            List.of(
                    0,
                    1,
                    -1,
                    127,
                    128,
                    -128,
                    -129,
                    255,
                    1_000_000,
                    Integer.MAX_VALUE,
                    Integer.MIN_VALUE);
    private static final List<Long> QWORDS =
            List.of(
                    0L,
                    1L,
                    -1L,
                    1L << 31,
                    -1L << 31,
                    (-1L << 31) - 1,
                    0x0123456789ABCDEFL,
                    -2L << 40);

    /// One instruction.
    ///
    /// @param texts what another assembler is given; one of several that it accepts counts
    /// @param arguments what our method is given
    record Case(Form form, List<String> texts, List<Object> arguments) {
        /// What the assembler makes of it; nothing if it refuses.
        Optional<Code> code() {
            var a = new Assembler();
            try {
                form.method().invoke(a, arguments.toArray());
                return Optional.of(a.assemble());
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof IllegalArgumentException) {
                    return Optional.empty();
                }
                throw new IllegalStateException(texts.toString(), e.getCause());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /// Where a memory operand points.
    private record Address(
            int base, @Nullable Integer index, int scale, int displacement, boolean broadcast) {
        Memory<Object> memory() {
            Memory<Object> memory =
                    index == null
                            ? Registers.mem(new R64(base), displacement)
                            : Registers.mem(new R64(base), new R64(index), scale, displacement);
            return broadcast ? Registers.broadcast(memory) : memory;
        }

        String text() {
            return "["
                    + OperandKind.R64.text(base)
                    + (index == null ? "" : "+" + OperandKind.R64.text(index) + "*" + scale)
                    + (displacement < 0 ? "" : "+")
                    + displacement
                    + "]";
        }
    }

    private static final Address PLAIN = new Address(7, null, 1, 0, false);

    private final Form form;
    private final List<Case> cases = new ArrayList<>();

    private EncodingSweep(Form form) {
        this.form = form;
    }

    static List<Case> of(Form form) {
        var sweep = new EncodingSweep(form);
        sweep.run();
        return sweep.cases;
    }

    private void run() {
        int registers = 1;
        int immediates = 1;
        boolean hasMemory = false;
        boolean hasVector = false;
        for (Form.Parameter parameter : form.parameters()) {
            switch (parameter) {
                case Form.OfRegister(OperandKind kind) -> {
                    registers = Math.max(registers, kind.count);
                    hasVector |= kind.isVector();
                }
                case Form.OfMemory _ -> hasMemory = true;
                case Form.OfImmediate(Class<?> type) ->
                        immediates = type == Condition.class ? 16 : DWORDS.size();
            }
        }
        for (int n = 0; n < Math.max(registers, immediates); n++) {
            add(n, PLAIN, 0, false);
        }
        if (hasVector) {
            for (int mask = 1; mask < 8; mask++) {
                add(mask, PLAIN, mask, mask % 2 == 0);
                add(mask + 16, PLAIN, mask, mask % 4 == 1);
            }
        }
        if (hasMemory) {
            addresses(hasVector);
        }
    }

    private void addresses(boolean hasVector) {
        for (int base = 0; base < 16; base++) {
            add(base, new Address(base, null, 1, base % 3 * 8, false), 0, false);
            add(
                    base + 16,
                    new Address(15 - base, base, 1 << base % 4, base % 2 * 64, false),
                    0,
                    false);
        }
        add(5, new Address(5, null, 1, 0, false), 0, false);
        add(5, new Address(13, null, 1, 0, false), 0, false);
        for (int displacement : hasVector ? DISPLACEMENTS : BYTE_EDGES) {
            add(17, new Address(7, null, 1, displacement, false), 0, false);
        }
        for (int displacement : BYTE_EDGES) {
            add(1, new Address(7, null, 1, displacement, false), 0, false);
        }
        if (hasVector) {
            for (int displacement : BROADCAST_DISPLACEMENTS) {
                add(1, new Address(7, null, 1, displacement, true), 0, false);
            }
            add(9, new Address(12, 9, 8, 64, true), 3, true);
        }
    }

    /// Adds a case whose registers follow from `n`; each operand steps through all of its kind.
    private void add(int n, Address address, int mask, boolean zeroing) {
        var texts = new ArrayList<String>();
        var alternatives = new ArrayList<String>();
        var arguments = new ArrayList<Object>();
        for (int i = 0; i < form.parameters().size(); i++) {
            boolean masked = i == 0 && mask != 0;
            String suffix = masked ? "{k" + mask + "}" + (zeroing ? "{z}" : "") : "";
            switch (form.parameters().get(i)) {
                case Form.OfRegister(OperandKind kind) -> {
                    int number = Math.floorMod(n * (2 * i + 1) + 3 * i, kind.count);
                    Object register = kind.register(number);
                    if (masked && !kind.isVector()) {
                        return; // Masks are for vectors; the types allow nothing else.
                    }
                    arguments.add(masked ? masked(register, mask, zeroing) : register);
                    texts.add(kind.text(number) + suffix);
                    alternatives.add(kind.text(number) + suffix);
                }
                case Form.OfMemory(int bytes) -> {
                    if ((address.index() != null && address.index() == 4)
                            || (address.broadcast() && bytes == 0)
                            || (masked && zeroing)) {
                        return; // rsp is no index, and the types allow no zeroing store.
                    }
                    Memory<Object> memory = address.memory();
                    arguments.add(masked ? Registers.masked(memory, Registers.k(mask)) : memory);
                    String text = size() + address.text() + suffix;
                    texts.add(text + (address.broadcast() ? "{1to" + bytes / 4 + "}" : ""));
                    alternatives.add(text + (address.broadcast() ? "{1to" + bytes / 8 + "}" : ""));
                }
                case Form.OfImmediate(Class<?> type) -> {
                    Object value = immediate(type, n);
                    arguments.add(value);
                    if (type != Condition.class) {
                        texts.add(value.toString());
                        alternatives.add(value.toString());
                    }
                }
            }
        }
        String name = name(arguments);
        cases.add(
                new Case(
                        form,
                        Stream.of(texts, alternatives)
                                .distinct()
                                .map(operands -> name + String.join(", ", operands))
                                .toList(),
                        List.copyOf(arguments)));
    }

    private static Object masked(Object register, int mask, boolean zeroing) {
        Vector<?, ?> vector = (Vector<?, ?>) register;
        return zeroing ? vector.zeroed(Registers.k(mask)) : vector.masked(Registers.k(mask));
    }

    private Object immediate(Class<?> type, int n) {
        if (type == Condition.class) {
            return List.of(Condition.values()).get(n % 16);
        }
        if (type == long.class) {
            return QWORDS.get(n % QWORDS.size());
        }
        if (!isGeneral()) {
            return BYTES.get(n % BYTES.size());
        }
        return Set.of("shl", "shr", "sar").contains(form.method().getName())
                ? (Object) (n * 5 % 32)
                : DWORDS.get(n % DWORDS.size());
    }

    private boolean isGeneral() {
        return form.method().getDeclaringClass() == GeneralInstructions.class;
    }

    /// The mnemonic, and where two encodings mean the same the choice of ours.
    private String name(List<Object> arguments) {
        String name = form.method().getName();
        if (arguments.stream().filter(Vector.class::isInstance).count() >= 2
                && name.startsWith("vmov")) {
            return "{load} " + name + " ";
        }
        if (name.equals("cmov")) {
            return "cmov" + arguments.getFirst().toString() + " ";
        }
        if (name.endsWith("Vex")) {
            return "{vex} " + name.substring(0, name.length() - 3) + " ";
        }
        return isGeneral() ? name.replaceAll("x(8|16)$", "x") + " " : name + " ";
    }

    private String size() {
        String name = form.method().getName();
        if (!isGeneral()) {
            return "";
        }
        return name.endsWith("x8") ? "byte ptr " : name.endsWith("x16") ? "word ptr " : "";
    }
}
