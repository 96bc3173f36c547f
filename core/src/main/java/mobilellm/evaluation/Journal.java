package mobilellm.evaluation;

import mobilellm.engine.Likelihood;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/// What a run has found out so far, one line a result, each with a checksum and written at once: a run that was killed at
/// any moment goes on from here. A last line that was cut is forgotten.
///
/// The first line says what the run is; another run does not continue it.
public final class Journal implements AutoCloseable {
    private static final int LARGEST = 1 << 30;
    private static final String RUN = "run";
    private static final String LIKELIHOOD = "likelihood";
    private static final String WRITTEN = "written";

    private final Map<String, String> settings;
    private final Map<String, Map<Integer, Likelihood>> likelihoods = new HashMap<>();
    private final Map<String, Map<Integer, String>> texts = new HashMap<>();
    private final Optional<FileChannel> channel;

    private Journal(Map<String, String> settings, Optional<FileChannel> channel) {
        this.settings = settings;
        this.channel = channel;
    }

    /// One that is forgotten with the process.
    public static Journal inMemory() {
        return new Journal(Map.of(), Optional.empty());
    }

    /// Opens the journal of a run.
    ///
    /// @param settings what the results depend on, and what they shall say of the run
    /// @param identity the settings that must be the same for a run to be continued
    /// @param isResumed whether a journal that is there is continued; else it is replaced
    /// @throws IOException if it cannot be written, or another process writes it
    /// @throws MalformedFileException if it is damaged, other than by a last line that was cut
    /// @throws IllegalArgumentException if it is another run's
    public static Journal open(
            Path path, Map<String, String> settings, List<String> identity, boolean isResumed)
            throws IOException {
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            lock(path, channel);
            if (isResumed && Files.size(path) > 0) {
                Journal resumed = resume(path, channel);
                if (!resumed.settings.isEmpty()) {
                    resumed.requireSame(path, settings, identity);
                    return resumed;
                }
            }
            channel.truncate(0);
            Journal started = new Journal(Map.copyOf(settings), Optional.of(channel));
            started.write(
                    Stream.concat(
                                    Stream.of(RUN),
                                    settings.entrySet().stream()
                                            .flatMap(
                                                    one ->
                                                            Stream.of(
                                                                    one.getKey(),
                                                                    encoded(one.getValue()))))
                            .toArray(String[]::new));
            return started;
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    private static void lock(Path path, FileChannel channel) throws IOException {
        try {
            if (channel.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // Another run of this process; told as one of another process is.
        }
        throw new IOException(path + " is being written by another run");
    }

    private static Journal resume(Path path, FileChannel channel) throws IOException {
        byte[] bytes = WholeFile.read(path, "a journal of an evaluation", LARGEST);
        Journal journal = new Journal(new LinkedHashMap<>(), Optional.of(channel));
        int start = 0;
        for (int line = 1; start < bytes.length; line++) {
            int end = start;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            String text = new String(bytes, start, end - start, StandardCharsets.UTF_8);
            if (end == bytes.length || !journal.accept(text)) {
                if (end < bytes.length - 1) {
                    throw new MalformedFileException(
                            "%s line %d is damaged: delete the file, or start the run again without resuming it"
                                    .formatted(path, line));
                }
                break;
            }
            start = end + 1;
        }
        channel.truncate(start);
        channel.position(start);
        return journal;
    }

    /// Takes up a line, unless its checksum is wrong.
    private boolean accept(String line) {
        int last = line.lastIndexOf(' ');
        if (last < 0 || !line.substring(last + 1).equals(sum(line.substring(0, last)))) {
            return false;
        }
        List<String> words = List.of(line.substring(0, last).split(" ", -1));
        switch (words.getFirst()) {
            case RUN -> {
                for (int i = 1; i < words.size(); i += 2) {
                    settings.put(words.get(i), decoded(words.get(i + 1)));
                }
            }
            case LIKELIHOOD ->
                    likelihoods(words.get(1))
                            .put(
                                    Integer.valueOf(words.get(2)),
                                    new Likelihood(
                                            Double.longBitsToDouble(
                                                    Long.parseUnsignedLong(words.get(3), 16)),
                                            words.get(4).equals("greedy")));
            case WRITTEN ->
                    texts(words.get(1)).put(Integer.valueOf(words.get(2)), decoded(words.get(3)));
            default -> {
                return false;
            }
        }
        return true;
    }

    private void requireSame(Path path, Map<String, String> wanted, List<String> identity) {
        for (String key : identity) {
            String here = settings.getOrDefault(key, "");
            String there = wanted.getOrDefault(key, "");
            if (!here.equals(there)) {
                throw new IllegalArgumentException(
                        "the run in %s has %s '%s', this one has '%s': it cannot be resumed with other settings"
                                .formatted(path, key, here, there));
            }
        }
    }

    /// What the run is; that of the run that is continued.
    public Map<String, String> settings() {
        return settings;
    }

    /// What is known of a task's predictions, by their number.
    Map<Integer, Likelihood> likelihoods(String task) {
        return likelihoods.computeIfAbsent(task, name -> new HashMap<>());
    }

    /// What was written for a task's documents, by their number.
    public Map<Integer, String> texts(String task) {
        return texts.computeIfAbsent(task, name -> new HashMap<>());
    }

    void add(String task, int index, Likelihood likelihood) {
        likelihoods(task).put(index, likelihood);
        long bits = Double.doubleToRawLongBits(likelihood.logLikelihood());
        write(
                LIKELIHOOD,
                task,
                String.valueOf(index),
                Long.toHexString(bits),
                likelihood.isGreedy() ? "greedy" : "other");
    }

    /// Remembers what was written.
    public void add(String task, int index, String text) {
        texts(task).put(index, text);
        write(WRITTEN, task, String.valueOf(index), encoded(text));
    }

    private void write(String... words) {
        if (channel.isEmpty()) {
            return;
        }
        String line = String.join(" ", words);
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + " " + sum(line) + "\n");
        try {
            while (bytes.hasRemaining()) {
                channel.get().write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sum(String line) {
        CRC32C sum = new CRC32C();
        sum.update(line.getBytes(StandardCharsets.UTF_8));
        return "%08x".formatted(sum.getValue());
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        if (channel.isPresent()) {
            channel.get().close();
        }
    }
}
