package mobilellm.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.testing.GgufBuilder.Bytes;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/// Makes damaged files of good ones: bytes changed, numbers replaced by those that break readers, parts removed, doubled
/// or exchanged with parts of another file. The same seed gives the same files.
public final class Mutator {
    private static final int MOST_CHANGES = 6;
    private static final int LONGEST_PART = 64;

    private static final List<String> DIGITS =
            List.of("-1", "0", "1e999", "NaN", "2147483648", "9223372036854775807", "0.5", "null");

    private final SplittableRandom random;
    private final List<byte[]> seeds;

    public Mutator(long seed, List<byte[]> seeds) {
        this.random = new SplittableRandom(seed);
        this.seeds = List.copyOf(seeds);
    }

    /// A new file, after one or several changes.
    public byte[] next() {
        byte[] mutant = seed().clone();
        for (int changes = random.nextInt(1, MOST_CHANGES); changes > 0; changes--) {
            mutant = change(mutant);
        }
        return mutant;
    }

    private byte[] seed() {
        return seeds.get(random.nextInt(seeds.size()));
    }

    private byte[] change(byte[] file) {
        if (file.length < 2 * Long.BYTES) {
            return seed().clone();
        }
        int at = random.nextInt(file.length - Long.BYTES);
        byte[] head = Arrays.copyOf(file, at);
        byte[] part = part(file, at);
        byte[] tail = Arrays.copyOfRange(file, at + part.length, file.length);
        Bytes bytes = new Bytes();
        return switch (random.nextInt(7)) {
            case 0 -> {
                file[at] = (byte) random.nextInt();
                yield file;
            }
            case 1 -> {
                byte[] number = new Bytes().u64(interesting(file.length)).toArray();
                System.arraycopy(number, 0, file, at, random.nextBoolean() ? 8 : 4);
                yield file;
            }
            case 2 -> bytes.raw(head).raw(tail).toArray();
            case 3 -> bytes.raw(file).raw(tail).toArray();
            case 4 -> {
                byte[] other = seed();
                byte[] foreign = part(other, random.nextInt(other.length));
                yield bytes.raw(head).raw(foreign).raw(tail).toArray();
            }
            case 5 -> withOtherDigits(file, at);
            default -> bytes.raw(head).raw(part).raw(part).raw(tail).toArray();
        };
    }

    private byte[] part(byte[] file, int at) {
        int length = random.nextInt(Math.min(LONGEST_PART, file.length - at));
        return Arrays.copyOfRange(file, at, at + length);
    }

    private long interesting(int fileBytes) {
        long[] numbers = {
            0,
            1,
            2,
            8,
            9,
            255,
            1 << 26,
            Integer.MAX_VALUE,
            1L << 32,
            1L << 61,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            -1,
            fileBytes
        };
        return numbers[random.nextInt(numbers.length)];
    }

    /// Replaces the next number that is written in digits.
    private byte[] withOtherDigits(byte[] file, int from) {
        int start = from;
        while (start < file.length && !isDigit(file[start])) {
            start++;
        }
        int end = start;
        while (end < file.length && isDigit(file[end])) {
            end++;
        }
        return new Bytes()
                .raw(Arrays.copyOf(file, start))
                .raw(DIGITS.get(random.nextInt(DIGITS.size())).getBytes(UTF_8))
                .raw(Arrays.copyOfRange(file, end, file.length))
                .toArray();
    }

    private static boolean isDigit(byte value) {
        return value >= '0' && value <= '9';
    }
}
