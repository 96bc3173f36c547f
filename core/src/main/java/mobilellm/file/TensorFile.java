package mobilellm.file;

import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.io.IOException;
import java.util.List;

/// A mapped file of named tensors.
public interface TensorFile extends AutoCloseable {
    /// The tensors; valid until [#close].
    List<Tensor> tensors();

    /// Size of the file.
    long bytes();

    /// Refuses a file that was written to since it was opened.
    ///
    /// @throws MalformedFileException if it was
    void requireUnchanged() throws IOException;

    /// Unmaps the file; its tensors must not be used any more.
    @Override
    void close();
}
