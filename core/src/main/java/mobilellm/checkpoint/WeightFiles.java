package mobilellm.checkpoint;

import mobilellm.file.Printable;
import mobilellm.file.TensorFile;
import mobilellm.safetensors.SafetensorsFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;
import mobilellm.torch.TorchFile;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The weights of a model directory: one file, or several that an index lists.
final class WeightFiles implements AutoCloseable {
    /// How a directory may hold its weights: in one file of this name, or in several files with this suffix that the index
    /// beside it lists.
    enum Layout {
        SAFETENSORS("model.safetensors", ".safetensors", "safetensors") {
            @Override
            TensorFile open(Path file) throws IOException {
                return SafetensorsFile.open(file);
            }
        },
        TORCH("pytorch_model.bin", ".bin", "PyTorch") {
            @Override
            TensorFile open(Path file) throws IOException {
                return TorchFile.open(file);
            }
        };

        private final String file;
        private final String suffix;
        private final String format;

        Layout(String file, String suffix, String format) {
            this.file = file;
            this.suffix = suffix;
            this.format = format;
        }

        abstract TensorFile open(Path file) throws IOException;

        String file() {
            return file;
        }

        private Path index(Path directory) {
            return directory.resolve(file + ".index.json");
        }

        boolean isIn(Path directory) {
            return Files.exists(directory.resolve(file)) || Files.exists(index(directory));
        }
    }

    private final Layout layout;
    private final List<TensorFile> files = new ArrayList<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private WeightFiles(Layout layout) {
        this.layout = layout;
    }

    /// Opens the only file, else all files that the index lists; Transformers looks for them in the same order.
    static WeightFiles open(Path directory, Layout layout) throws IOException {
        WeightFiles weights = new WeightFiles(layout);
        try {
            Path only = directory.resolve(layout.file);
            if (Files.exists(only)) {
                weights.add(only);
            } else {
                weights.addAll(directory, ShardIndex.read(layout.index(directory), layout.suffix));
            }
            return weights;
        } catch (Throwable e) {
            weights.close();
            throw e;
        }
    }

    private void addAll(Path directory, ShardIndex index) throws IOException {
        for (String name : index.files()) {
            Path file = directory.resolve(name);
            if (!Files.exists(file)) {
                throw new FileSystemException(
                        file.toString(),
                        null,
                        "is missing, but %s lists it; download it too".formatted(index.path()));
            }
            index.requireSame(name, add(file));
        }
    }

    private List<Tensor> add(Path path) throws IOException {
        TensorFile file = layout.open(path);
        files.add(file);
        for (Tensor tensor : file.tensors()) {
            if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
                throw new MalformedFileException(
                        "%s: tensor %s is in another file of the model too"
                                .formatted(path, Printable.quote(tensor.name())));
            }
        }
        return file.tensors();
    }

    /// By name, in the order of the files.
    Map<String, Tensor> tensors() {
        return tensors;
    }

    long bytes() {
        return files.stream().mapToLong(TensorFile::bytes).sum();
    }

    String format() {
        return files.size() == 1
                ? layout.format
                : "%s, %d files".formatted(layout.format, files.size());
    }

    void requireUnchanged() throws IOException {
        for (TensorFile file : files) {
            file.requireUnchanged();
        }
    }

    @Override
    public void close() {
        files.forEach(TensorFile::close);
    }
}
