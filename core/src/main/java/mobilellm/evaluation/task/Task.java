package mobilellm.evaluation.task;

import mobilellm.file.Sha256;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        /// Reads all documents of a file.
        ///
        /// @param name of the file, for messages
        /// @throws MalformedFileException naming the document that is malformed
        List<Document> documents(byte[] file, String name);
    }

    /// Reads the documents.
    ///
    /// @param folder with the data files
    /// @param checked whether a file is refused that is not the known one
    /// @throws IOException if a file is not there or cannot be read
    /// @throws MalformedFileException if it is another file, or a document is malformed
    public List<Document> read(Path folder, boolean checked) throws IOException {
        List<Document> all = new ArrayList<>();
        for (DataFile file : files) {
            all.addAll(reading.documents(file.read(folder, checked), file.name()));
        }
        if (all.isEmpty()) {
            throw new MalformedFileException(
                    "%s holds no documents of task %s".formatted(files.getFirst().name(), name));
        }
        return all;
    }

    /// Documents to draw solved examples from: those of the training split where its file is in the folder, as
    /// lm-evaluation-harness does, else the documents that are asked.
    ///
    /// @param asked all of them
    /// @throws IOException if the file of the training split cannot be read
    /// @throws MalformedFileException if one of its documents is malformed
    public Examples examples(Path folder, List<Document> asked) throws IOException {
        DataFile file = files.getLast();
        Path path = folder.resolve(file.training());
        if (!Files.exists(path)) {
            return new Examples(asked, true, "");
        }
        byte[] bytes = WholeFile.read(path, "a file of documents", DataFile.LARGEST);
        return new Examples(
                reading.documents(bytes, file.training()), !file.isTestSplit(), Sha256.of(bytes));
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
