package mobilellm.assembler;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Gives items their addresses and makes the final bytes of them.
///
/// Jumps start out short, and grow where the distance does not fit a byte; as none ever shrinks again, this ends.
final class Layout {
    private static final int SHORT_JUMP = 2;

    /// The fillings that Intel's and AMD's optimisation manuals recommend, of 1 to 9 bytes.
    private static final int[][] NOPS = {
        {0x90},
        {0x66, 0x90},
        {0x0F, 0x1F, 0x00},
        {0x0F, 0x1F, 0x40, 0x00},
        {0x0F, 0x1F, 0x44, 0x00, 0x00},
        {0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00},
        {0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x66, 0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}
    };

    private final List<Item> items;
    private final List<Constant> constants;
    private final boolean[] isLong;
    private final int[] offsets;
    private final Map<Label, Integer> addresses = new HashMap<>();

    /// Bytes behind the code, at an address that is a multiple of their number.
    static final class Constant {
        final Label label;
        final byte[] bytes;

        Constant(Label label, byte[] bytes) {
            this.label = label;
            this.bytes = bytes;
        }
    }

    Layout(List<Item> items, List<Constant> constants) {
        this.items = items;
        this.constants = constants;
        isLong = new boolean[items.size()];
        offsets = new int[items.size() + 1];
    }

    Code code() {
        int end = place();
        while (growJumps()) {
            end = place();
        }
        return write(end);
    }

    /// @return bytes of code and constants
    private int place() {
        int address = 0;
        for (int i = 0; i < items.size(); i++) {
            offsets[i] = address;
            address +=
                    switch (items.get(i)) {
                        case Item.Instruction instruction -> instruction.bytes.length;
                        case Item.Jump jump -> isLong[i] ? longJump(jump) : SHORT_JUMP;
                        case Item.Align align -> -address & align.boundary() - 1;
                        case Label label -> {
                            addresses.put(label, address);
                            yield 0;
                        }
                    };
        }
        offsets[items.size()] = address;
        for (Constant constant : constants) {
            int size = constant.bytes.length;
            address += -address & Integer.highestOneBit(Math.min(size, Code.ALIGNMENT)) - 1;
            addresses.put(constant.label, address);
            address += size;
        }
        return address;
    }

    private boolean growJumps() {
        boolean grown = false;
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i) instanceof Item.Jump jump && !isLong[i]) {
                int distance = address(jump.target()) - offsets[i + 1];
                isLong[i] = distance != (byte) distance;
                grown |= isLong[i];
            }
        }
        return grown;
    }

    private static int longJump(Item.Jump jump) {
        return jump.condition() == null ? 5 : 6;
    }

    private int address(Label label) {
        Integer address = addresses.get(label);
        if (address == null) {
            throw new IllegalStateException(
                    "label %s is used but not bound; bind it in the same assembler"
                            .formatted(label));
        }
        return address;
    }

    private Code write(int size) {
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        var lines = new ArrayList<Code.Line>();
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            int length = offsets[i + 1] - offsets[i];
            switch (item) {
                case Item.Instruction instruction -> write(out, instruction, offsets[i + 1]);
                case Item.Jump jump -> write(out, jump, offsets[i + 1], isLong[i]);
                case Item.Align _ -> fill(out, length);
                case Label _ -> {}
            }
            lines.add(new Code.Line(offsets[i], length, item));
        }
        for (Constant constant : constants) {
            int address = address(constant.label);
            out.put(address, constant.bytes);
            lines.add(new Code.Line(address, 0, constant.label));
            lines.add(new Code.Line(address, constant.bytes.length, ".byte"));
        }
        return new Code(out.array(), lines);
    }

    private void write(ByteBuffer out, Item.Instruction instruction, int end) {
        int start = out.position();
        out.put(instruction.bytes);
        if (instruction.target != null) {
            out.putInt(start + instruction.patch, address(instruction.target) - end);
        }
    }

    private void write(ByteBuffer out, Item.Jump jump, int end, boolean isLong) {
        int distance = address(jump.target()) - end;
        if (jump.condition() == null) {
            out.put((byte) (isLong ? 0xE9 : 0xEB));
        } else if (isLong) {
            out.put((byte) 0x0F).put((byte) (0x80 | jump.condition().number()));
        } else {
            out.put((byte) (0x70 | jump.condition().number()));
        }
        if (isLong) {
            out.putInt(distance);
        } else {
            out.put((byte) distance);
        }
    }

    private static void fill(ByteBuffer out, int length) {
        for (int left = length; left > 0; ) {
            int[] nop = NOPS[Math.min(left, NOPS.length) - 1];
            for (int value : nop) {
                out.put((byte) value);
            }
            left -= nop.length;
        }
    }
}
