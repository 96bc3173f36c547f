package mobilellm.evaluation.task;

import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Documents, the questions that are asked about them, and what is measured of the answers.
///
/// @param name as lm-evaluation-harness has it
/// @param version of its wording; scores of different versions cannot be compared
/// @param files whose documents follow one another
/// @param documents of all files together
/// @param framing what stands around examples
/// @param metrics what is measured
/// @param main the metric that the profile goes by, one of them
public record Task(
        String name,
        String version,
        List<DataFile> files,
        int documents,
        Reading reading,
        Framing framing,
        List<Metric> metrics,
        Metric main) {

    /// What stands before the first example and between examples.
    public record Framing(String description, String separator) {
        static final Framing PLAIN = new Framing("", "\n\n");
    }

    /// How a file becomes documents.
    @FunctionalInterface
    public interface Reading {
        /// Reads all documents.
        ///
        /// @throws MalformedFileException naming the document that is malformed
        List<Document> documents(List<Row> rows);

        /// Reads all documents of a file.
        ///
        /// @param name of the file, for messages
        /// @throws MalformedFileException naming the document that is malformed
        default List<Document> documents(byte[] file, String name) {
            return documents(Row.read(file, name));
        }
    }

    /// Documents, and what tells them from others.
    ///
    /// @param sha256 of the files that they were read from, or of the documents of tables, between commas
    public record Data(List<Document> documents, String sha256) {}

    /// Reads the documents.
    ///
    /// @throws IOException if a file is not there or cannot be read
    /// @throws MalformedFileException if it is another file, or a document is malformed
    public List<Document> read(DataFolder folder) throws IOException {
        return load(folder).documents();
    }

    /// As [#read].
    public Data load(DataFolder folder) throws IOException {
        List<Document> all = new ArrayList<>();
        List<String> sums = new ArrayList<>();
        for (DataFile file : files) {
            DataFolder.Read read = folder.read(file, reading);
            all.addAll(read.documents());
            sums.add(read.sha256());
        }
        if (all.isEmpty()) {
            throw new MalformedFileException(
                    "%s holds no documents of task %s".formatted(files.getFirst().name(), name));
        }
        return new Data(all, String.join(",", sums));
    }

    /// Documents to draw solved examples from: those of the training split where its file is in the folder, as
    /// lm-evaluation-harness does, else the documents that are asked.
    ///
    /// @param asked all of them
    /// @throws IOException if the file of the training split cannot be read
    /// @throws MalformedFileException if one of its documents is malformed
    public Examples examples(DataFolder folder, List<Document> asked) throws IOException {
        DataFile file = files.getLast();
        return folder.readTraining(file, reading)
                .map(read -> new Examples(read.documents(), !file.isTestSplit(), read.sha256()))
                .orElseGet(() -> new Examples(asked, true, ""));
    }

    /// What solved examples are drawn from.
    ///
    /// @param isOneMoreDrawn whether one more is drawn than is shown, because the document that is asked may be among
    ///     them; the harness does so for each set without a test split, even where it draws from the training split
    /// @param sha256 of the training split's file, or nothing: they are the documents that are asked
    public record Examples(List<Document> pool, boolean isOneMoreDrawn, String sha256) {}

    /// The name of the filter that the harness puts behind a metric's.
    public String filter() {
        return metrics.contains(Metric.EXACT_MATCH) ? "remove_whitespace" : "none";
    }
}
