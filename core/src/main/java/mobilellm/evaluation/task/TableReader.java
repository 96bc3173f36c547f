package mobilellm.evaluation.task;

import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads files of tables, for which the library itself has no reader. The module `mobilellm-datasets` provides it as a
/// service.
public interface TableReader {
    /// Endings of the files that it reads, such as `.parquet`.
    Set<String> endings();

    /// All rows of a file: columns to texts, numbers, booleans, lists and maps. A value that is missing is not in its map.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws MalformedFileException if it is damaged, or holds what is not supported
    List<Map<String, Object>> rows(Path file) throws IOException;
}
