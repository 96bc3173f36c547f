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
import java.util.Collection;
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
/// The first line says what the run is; another run does not continue it. Results have the keys of what was asked, so that
/// they serve another run that asks the same.
public final class Journal implements AutoCloseable {
    private static final int LARGEST = 1 << 30;
    private static final String RUN = "run";
    private static final String LIKELIHOOD = "likelihood";
    private static final String WRITTEN = "written";
    private static final String FINISHED = "finished";

    private final Map<String, String> settings;
    private final Map<String, Likelihood> likelihoods = new HashMap<>();
    private final Map<String, String> texts = new HashMap<>();
    private final Optional<FileChannel> channel;
    private Optional<Journal> earlier = Optional.empty();
    private boolean isFinished;

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
            if (isResumed) {
                Journal resumed = new Journal(new LinkedHashMap<>(), Optional.of(channel));
                int length = resumed.take(path);
                channel.truncate(length);
                channel.position(length);
                if (!resumed.settings.isEmpty()) {
                    resumed.requireSame(
                            path, settings, identity, "it cannot be resumed with other settings");
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
            // Not the bytes themselves: Windows would keep them from being read.
            if (channel.tryLock(Long.MAX_VALUE - 1, 1, false) != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // Another run of this process; told as one of another process is.
        }
        throw new IOException(path + " is being written by another run");
    }

    /// Takes up what another run found out, which may still be running: what was asked there is not computed again here.
    ///
    /// @param path its journal
    /// @param wanted settings of this run
    /// @param conditions the settings that both must have in common, because a result depends on them
    /// @throws IOException if it cannot be read
    /// @throws MalformedFileException if it is damaged, other than by a last line that was cut
    /// @throws IllegalArgumentException if its results would be others
    public void reuse(Path path, Map<String, String> wanted, List<String> conditions)
            throws IOException {
        Journal other = read(path);
        other.requireSame(path, wanted, conditions, "its results are not those of this run");
        earlier = Optional.of(other);
    }

    /// @return bytes of all lines that are whole
    private int take(Path path) throws IOException {
        if (Files.size(path) == 0) {
            return 0; // Made and not yet written.
        }
        byte[] bytes = WholeFile.read(path, "a journal of an evaluation", LARGEST);
        int start = 0;
        for (int line = 1; start < bytes.length; line++) {
            int end = start;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            String text = new String(bytes, start, end - start, StandardCharsets.UTF_8);
            if (end == bytes.length || !accept(text)) {
                if (end < bytes.length - 1) {
                    throw new MalformedFileException(
                            "%s line %d is damaged: delete the file, or start the run again without resuming it"
                                    .formatted(path, line));
                }
                break;
            }
            start = end + 1;
        }
        return start;
    }

    /// Takes up a line, unless its checksum is wrong or it is none of ours.
    private boolean accept(String line) {
        int last = line.lastIndexOf(' ');
        if (last < 0 || !line.substring(last + 1).equals(sum(line.substring(0, last)))) {
            return false;
        }
        List<String> words = List.of(line.substring(0, last).split(" ", -1));
        boolean isOurs =
                switch (words.getFirst()) {
                    case RUN -> words.size() % 2 == 1;
                    case LIKELIHOOD -> words.size() == 4;
                    case WRITTEN -> words.size() == 3;
                    case FINISHED -> words.size() == 1;
                    default -> false;
                };
        if (!isOurs) {
            return false;
        }
        switch (words.getFirst()) {
            case RUN -> {
                for (int i = 1; i < words.size(); i += 2) {
                    settings.put(words.get(i), decoded(words.get(i + 1)));
                }
            }
            case LIKELIHOOD ->
                    likelihoods.put(
                            words.get(1),
                            new Likelihood(
                                    Double.longBitsToDouble(
                                            Long.parseUnsignedLong(words.get(2), 16)),
                                    words.get(3).equals("greedy")));
            case WRITTEN -> texts.put(words.get(1), decoded(words.get(2)));
            default -> isFinished = true;
        }
        return true;
    }

    private void requireSame(
            Path path, Map<String, String> wanted, List<String> keys, String consequence) {
        for (String key : keys) {
            String here = settings.getOrDefault(key, "");
            String there = wanted.getOrDefault(key, "");
            if (!here.equals(there)) {
                throw new IllegalArgumentException(
                        "the run in %s has %s '%s', this one has '%s': %s"
                                .formatted(path, key, here, there, consequence));
            }
        }
    }

    /// What the run is; that of the run that is continued.
    public Map<String, String> settings() {
        return settings;
    }

    /// Takes the results of the earlier run that [#reuse] opened, where this run has none of its own.
    ///
    /// @param keys of what is asked
    void takeOver(Collection<String> keys) {
        earlier.ifPresent(
                other -> {
                    for (String key : keys) {
                        Likelihood likelihood = other.likelihoods.get(key);
                        if (likelihood != null && !likelihoods.containsKey(key)) {
                            add(key, likelihood);
                        }
                        String text = other.texts.get(key);
                        if (text != null && !texts.containsKey(key)) {
                            add(key, text);
                        }
                    }
                });
    }

    /// What is known of a prediction.
    ///
    /// @param key of what was asked, without white space
    Optional<Likelihood> likelihood(String key) {
        return Optional.ofNullable(likelihoods.get(key));
    }

    /// What was written.
    ///
    /// @param key of what was asked, without white space
    public Optional<String> text(String key) {
        return Optional.ofNullable(texts.get(key));
    }

    /// How many results this run has.
    public int size() {
        return likelihoods.size() + texts.size();
    }

    void add(String key, Likelihood likelihood) {
        likelihoods.put(key, likelihood);
        long bits = Double.doubleToRawLongBits(likelihood.logLikelihood());
        write(LIKELIHOOD, key, Long.toHexString(bits), likelihood.isGreedy() ? "greedy" : "other");
    }

    /// Remembers that the run has all its results.
    public void finish() {
        if (!isFinished) {
            isFinished = true;
            write(FINISHED);
        }
    }

    /// Whether a run was stopped before it had all its results, so that [#open] would lose some of them.
    ///
    /// @param path of a journal, which may be missing
    /// @throws IOException if it cannot be read
    public static boolean isUnfinished(Path path) throws IOException {
        if (!Files.exists(path)) {
            return false;
        }
        try {
            Journal journal = read(path);
            return journal.size() > 0 && !journal.isFinished;
        } catch (MalformedFileException e) {
            return true;
        }
    }

    /// What is told of the run in a journal.
    ///
    /// @throws IOException if it cannot be read
    /// @throws MalformedFileException if it is damaged, other than by a last line that was cut
    public static Map<String, String> settings(Path path) throws IOException {
        return read(path).settings;
    }

    private static Journal read(Path path) throws IOException {
        Journal journal = new Journal(new LinkedHashMap<>(), Optional.empty());
        journal.take(path);
        return journal;
    }

    /// Remembers what was written.
    public void add(String key, String text) {
        texts.put(key, text);
        write(WRITTEN, key, encoded(text));
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
