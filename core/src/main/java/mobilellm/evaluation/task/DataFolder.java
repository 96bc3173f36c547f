package mobilellm.evaluation.task;

import mobilellm.file.Sha256;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Where documents are: files with an object a line, or tables of Hugging Face's datasets, as its caches and its
/// repositories have them.
///
/// @param path of the folder
/// @param isChecked whether documents are refused that are not the known ones
/// @param readers of tables
public record DataFolder(Path path, boolean isChecked, List<TableReader> readers) {
    private static final int LARGEST = 1 << 30;

    /// Deep enough for `hub/datasets--OWNER--NAME/snapshots/REVISION/CONFIG/SPLIT/FILE`, and for two folders above it.
    private static final int DEEPEST = 9;

    /// What was read.
    ///
    /// @param sha256 of a file, or of the documents of tables
    /// @param rows that they were made of
    record Read(List<Document> documents, String sha256, int rows) {}

    /// A folder with files of one object a line.
    public DataFolder(Path path, boolean isChecked) {
        this(path, isChecked, List.of());
    }

    /// The documents of a file.
    ///
    /// @throws IOException if neither it nor tables of the same data are there, or it cannot be read
    /// @throws MalformedFileException if it is another file, or a document is malformed
    Read read(DataFile file, Task.Reading reading) throws IOException {
        Path lines = path.resolve(file.name());
        if (Files.exists(lines)) {
            byte[] bytes = bytes(lines);
            String sum = Sha256.of(bytes);
            if (isChecked && !sum.equals(file.sha256())) {
                throw new MalformedFileException(
                        "%s has sha256 %s and %,d lines, expected %s; its scores could not be compared with others'"
                                .formatted(lines, sum, DataFile.lines(bytes), file.expected()));
            }
            return new Read(reading.documents(bytes, file.name()), sum, DataFile.lines(bytes));
        }
        Read tables =
                tables(file, file.split(), reading)
                        .orElseThrow(
                                () ->
                                        new IOException(
                                                "there is no file %s, expected %s%s"
                                                        .formatted(
                                                                lines,
                                                                file.expected(),
                                                                HubSet.of(file)
                                                                        .map(HubSet::described)
                                                                        .orElse(""))));
        if (isChecked) {
            HubSet.of(file).orElseThrow().requireKnown(tables.sha256(), tables.rows(), path);
        }
        return tables;
    }

    /// The documents of the same data's training split, if they are there.
    Optional<Read> readTraining(DataFile file, Task.Reading reading) throws IOException {
        Path lines = path.resolve(file.training());
        if (Files.exists(lines)) {
            byte[] bytes = bytes(lines);
            return Optional.of(
                    new Read(
                            reading.documents(bytes, file.training()),
                            Sha256.of(bytes),
                            DataFile.lines(bytes)));
        }
        return tables(file, "train", reading);
    }

    private static byte[] bytes(Path file) throws IOException {
        return WholeFile.read(file, "a file of documents", LARGEST);
    }

    private Optional<Read> tables(DataFile file, String split, Task.Reading reading)
            throws IOException {
        Optional<HubSet> set = HubSet.of(file);
        if (set.isEmpty()) {
            return Optional.empty();
        }
        List<Path> shards = shards(set.get(), split);
        List<Row> rows = new ArrayList<>();
        for (Path shard : shards) {
            String place = path.relativize(shard) + " row ";
            int number = 0;
            for (Map<String, Object> fields : reader(shard).rows(shard)) {
                rows.addAll(set.get().ours(new Row(place + ++number, fields)));
            }
        }
        return shards.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Read(reading.documents(rows), set.get().digest(rows), rows.size()));
    }

    /// The files of a split in their order.
    private List<Path> shards(HubSet set, String split) throws IOException {
        if (!Files.isDirectory(path)) {
            return List.of();
        }
        List<Path> shards;
        try (Stream<Path> files = Files.walk(path, DEEPEST)) {
            shards =
                    files.filter(file -> set.isShard(path, path.relativize(file), split))
                            .filter(Files::isRegularFile)
                            .sorted()
                            .toList();
        }
        for (Path shard : shards) {
            if (!shard.resolveSibling("").equals(shards.getFirst().resolveSibling(""))) {
                throw new IOException(
                        "%s holds several versions of the same documents: %s and %s; name the folder of one of them"
                                .formatted(path, shards.getFirst(), shard));
            }
        }
        return shards;
    }

    private TableReader reader(Path table) throws IOException {
        return readers.stream()
                .filter(one -> one.endings().stream().anyMatch(table.toString()::endsWith))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IOException(
                                        table
                                                + " is a table, for which the module"
                                                + " mobilellm-datasets is needed: build it with"
                                                + " 'mvn -pl datasets -am package -DskipTests' and"
                                                + " put datasets/target/mobilellm-datasets.jar"
                                                + " beside mobilellm.jar"));
    }
}
