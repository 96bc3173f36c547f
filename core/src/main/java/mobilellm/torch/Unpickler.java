package mobilellm.torch;

import mobilellm.file.Cursor;
import mobilellm.file.Printable;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;

import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A machine for the part of pickle that tensors need, protocols 2 to 5: it makes numbers, texts, lists, tuples, dicts
/// and descriptions of tensors. A pickle is a program, and Python runs what it asks for; this machine knows the names of
/// [Known] and calls nothing. Each opcode takes at least a byte and makes at most one object, so heap and time are
/// bounded by the length of the pickle.
///
/// Values: `String`, `Long`, `BigInteger`, `Double`, `Boolean`, [None], `List`, [Tuple], `Map` (keys are texts and
/// numbers), [Known], [Storage], [View].
///
/// Format: Python's `pickletools`.
final class Unpickler {
    private static final int OLDEST_PROTOCOL = 2;
    private static final int NEWEST_PROTOCOL = 5;
    private static final int LONGEST_NAME = 256;

    /// Enough for 20,000 tensors.
    private static final int LONGEST_PICKLE = 4 << 20;

    private final Cursor cursor;
    private final Reduction reduction;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private long at;

    /// @param cursor at the beginning of the pickle; afterwards behind it
    Unpickler(Cursor cursor) {
        this.cursor = cursor;
        this.reduction = new Reduction(this);
    }

    /// Runs the program to its end.
    Object read() {
        at = cursor.offset();
        if (cursor.readByte("opcode") != 0x80) {
            throw malformed("a pickle of protocol 2 to 5 should start here");
        }
        int protocol = cursor.readByte("protocol");
        if (protocol < OLDEST_PROTOCOL || protocol > NEWEST_PROTOCOL) {
            throw unsupported(
                    "pickle protocol %d is not supported, only 2 to 5".formatted(protocol));
        }
        long start = at;
        while (true) {
            at = cursor.offset();
            if (at - start > LONGEST_PICKLE) {
                throw unsupported("the pickle is longer than %d bytes".formatted(LONGEST_PICKLE));
            }
            int opcode = cursor.readByte("opcode");
            if (opcode == '.') {
                return result();
            }
            step(opcode);
        }
    }

    /// The storages that the pickle refers to, by key.
    Map<String, Storage> storages() {
        return reduction.storages();
    }

    private Object result() {
        if (stack.size() != 1 || !marks.isEmpty()) {
            throw malformed(
                    "the pickle ends with %d values on its stack, expected 1"
                            .formatted(stack.size()));
        }
        return stack.getFirst();
    }

    private void step(int opcode) {
        switch (opcode) {
            case '(' -> marks.add(stack.size());
            case '0' -> pop();
            case '1' -> popMark();
            case 'N' -> stack.add(None.NONE);
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 'K' -> stack.add((long) cursor.readByte("number"));
            case 'M' -> stack.add((long) cursor.readShort("number"));
            case 'J' -> stack.add((long) cursor.readInt("number"));
            case 0x8a -> stack.add(readLong());
            case 'G' ->
                    stack.add(
                            Double.longBitsToDouble(Long.reverseBytes(cursor.readLong("number"))));
            case 'U', 0x8c -> stack.add(text(cursor.readByte("length")));
            case 'X', 'T' -> stack.add(text(cursor.readInt("length") & 0xffff_ffffL));
            case 0x8d -> stack.add(text(cursor.readLong("length")));
            case ')' -> stack.add(new Tuple(List.of()));
            case 0x85 -> stack.add(new Tuple(popLast(1)));
            case 0x86 -> stack.add(new Tuple(popLast(2)));
            case 0x87 -> stack.add(new Tuple(popLast(3)));
            case 't' -> stack.add(new Tuple(popMark()));
            case ']' -> stack.add(new ArrayList<>());
            case 'a' -> append(popLast(1));
            case 'e' -> append(popMark());
            case '}' -> stack.add(new LinkedHashMap<>());
            case 's' -> put(popLast(2));
            case 'u' -> put(popMark());
            case 'q' -> memo.put((long) cursor.readByte("memo"), top());
            case 'r' -> memo.put(cursor.readInt("memo") & 0xffff_ffffL, top());
            case 0x94 -> memo.put((long) memo.size(), top());
            case 'h' -> stack.add(remembered(cursor.readByte("memo")));
            case 'j' -> stack.add(remembered(cursor.readInt("memo") & 0xffff_ffffL));
            case 0x95 -> requireFrame(cursor.readLong("length of the frame"));
            case 'c' -> stack.add(known(line() + "." + line()));
            case 0x93 -> {
                List<Object> names = popLast(2);
                stack.add(
                        known(
                                as(String.class, names.getFirst(), "module")
                                        + "."
                                        + as(String.class, names.getLast(), "name")));
            }
            case 'Q' -> stack.add(reduction.persistent(pop()));
            case 'R' -> {
                List<Object> call = popLast(2);
                stack.add(reduction.call(call.getFirst(), call.getLast()));
            }
            case 'b' -> build(pop());
            default ->
                    throw unsupported(
                            "opcode %s is refused: no tensor needs it"
                                    .formatted(Opcode.name(opcode)));
        }
    }

    private Object readLong() {
        int length = cursor.readByte("length");
        byte[] bytes = cursor.take(length, "number").toArray(ValueLayout.JAVA_BYTE);
        for (int i = 0; i < length / 2; i++) {
            byte low = bytes[i];
            bytes[i] = bytes[length - 1 - i];
            bytes[length - 1 - i] = low;
        }
        BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
        return value.bitLength() < Long.SIZE ? (Object) value.longValueExact() : value;
    }

    private String text(long length) {
        if (length < 0 || length > cursor.remaining() || length > Integer.MAX_VALUE - 8) {
            throw malformed(
                    "a text is said to have %s bytes, but %d remain"
                            .formatted(Long.toUnsignedString(length), cursor.remaining()));
        }
        return cursor.readText((int) length, "text");
    }

    /// A module or a name: text up to the end of the line.
    private String line() {
        StringBuilder line = new StringBuilder();
        for (int c = cursor.readByte("name"); c != '\n'; c = cursor.readByte("name")) {
            if (line.length() == LONGEST_NAME) {
                throw malformed("a name is longer than %d letters".formatted(LONGEST_NAME));
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private Known known(String name) {
        return Optional.ofNullable(Known.BY_NAME.get(name))
                .orElseThrow(
                        () ->
                                unsupported(
                                        "the pickle wants %s, which is refused: only tensors are read, and nothing"
                                                        .formatted(Printable.quote(name))
                                                + " is executed"));
    }

    private void requireFrame(long length) {
        if (length < 0 || length > cursor.remaining()) {
            throw malformed(
                    "a frame is said to have %s bytes, but %d remain"
                            .formatted(Long.toUnsignedString(length), cursor.remaining()));
        }
    }

    private Object remembered(long index) {
        return Optional.ofNullable(memo.get(index))
                .orElseThrow(() -> malformed("nothing was put into memo " + index));
    }

    private void append(List<Object> elements) {
        if (!(top() instanceof List<?> list)) {
            throw malformed("should append to a list, but there is " + describe(top()));
        }
        addAll(list, elements);
    }

    @SuppressWarnings("unchecked") // every list on the stack was made here
    private static void addAll(List<?> list, List<Object> elements) {
        ((List<Object>) list).addAll(elements);
    }

    private void put(List<Object> items) {
        if (!(top() instanceof Map<?, ?> map)) {
            throw malformed("should put into a dict, but there is " + describe(top()));
        }
        if (items.size() % 2 != 0) {
            throw malformed("a key without a value");
        }
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            // Hashing other keys could take forever: they may hold each other many times over.
            if (!(key instanceof String || key instanceof Long)) {
                throw unsupported(
                        "a key of a dict is %s; expected a text or a number"
                                .formatted(describe(key)));
            }
            put(map, key, items.get(i + 1));
        }
    }

    @SuppressWarnings("unchecked") // every map on the stack was made here
    private void put(Map<?, ?> map, Object key, Object value) {
        if (((Map<Object, Object>) map).putIfAbsent(key, value) != null) {
            throw malformed("key %s is there twice".formatted(Printable.quote(key.toString())));
        }
    }

    /// A state dict gets an attribute `_metadata` this way: versions of layers, which say nothing about tensors.
    private void build(Object state) {
        if (!(top() instanceof Map<?, ?> && state instanceof Map<?, ?>)) {
            throw unsupported(
                    "the pickle sets the state of %s to %s, which is refused"
                            .formatted(describe(top()), describe(state)));
        }
    }

    private Object pop() {
        return popLast(1).getFirst();
    }

    private Object top() {
        requireOnStack(1);
        return stack.getLast();
    }

    private List<Object> popLast(int count) {
        requireOnStack(count);
        return popFrom(stack.size() - count);
    }

    private List<Object> popMark() {
        if (marks.isEmpty()) {
            throw malformed("there is no mark on the stack");
        }
        return popFrom(marks.removeLast());
    }

    private List<Object> popFrom(int start) {
        List<Object> above = stack.subList(start, stack.size());
        List<Object> popped = List.copyOf(above);
        above.clear();
        return popped;
    }

    private void requireOnStack(int count) {
        if (stack.size() - (marks.isEmpty() ? 0 : marks.getLast()) < count) {
            throw malformed("the stack is too short");
        }
    }

    /// The value as a type, or an exception that names what it should be.
    <T> T as(Class<T> type, Object value, String what) {
        if (!type.isInstance(value)) {
            throw malformed("%s is %s".formatted(what, describe(value)));
        }
        return type.cast(value);
    }

    MalformedFileException malformed(String problem) {
        return cursor.malformed(at, problem);
    }

    UnsupportedModelException unsupported(String problem) {
        return new UnsupportedModelException(cursor.describe(at, problem));
    }

    private static String describe(Object value) {
        return switch (value) {
            case String text -> Printable.quote(text);
            case List<?> list -> "a list of " + list.size();
            case Tuple tuple -> "a tuple of " + tuple.elements().size();
            case Map<?, ?> map -> "a dict of " + map.size();
            case View _ -> "a tensor";
            case Storage _ -> "a storage";
            default -> Printable.quote(value.toString());
        };
    }
}
