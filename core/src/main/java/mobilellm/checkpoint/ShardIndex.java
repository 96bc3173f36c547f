package mobilellm.checkpoint;

import mobilellm.file.JsonReader;
import mobilellm.file.Printable;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.Tensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which file holds which tensor of a model that was split over several: `model.safetensors.index.json` or
/// `pytorch_model.bin.index.json`.
///
/// @param path of the index
/// @param fileOf name of a file in the same directory, by tensor
record ShardIndex(Path path, Map<String, String> fileOf) {
    private static final int MOST_BYTES = 64 << 20;

    /// Reads an index.
    ///
    /// @param suffix how the files that it lists have to end
    /// @throws MalformedFileException if it is none, or names a file outside its own directory
    static ShardIndex read(Path path, String suffix) throws IOException {
        Map<String, Object> index =
                JsonReader.readObject(
                        WholeFile.read(path, "an index of weights", MOST_BYTES), path.toString());
        Keys keys = new Keys(path.toString(), index);
        Keys weightMap =
                keys.optionalObject("weight_map").orElseThrow(() -> keys.missing("weight_map"));
        Map<String, String> fileOf = new LinkedHashMap<>();
        for (String tensor : weightMap.all().keySet()) {
            String file = weightMap.string(tensor);
            if (!isPlain(file) || !file.endsWith(suffix)) {
                throw new MalformedFileException(
                        "%s: tensor %s should be in the file %s; expected the name of a %s file in the same directory"
                                .formatted(
                                        path,
                                        Printable.quote(tensor),
                                        Printable.quote(file),
                                        suffix));
            }
            fileOf.put(tensor, file);
        }
        return new ShardIndex(path, fileOf);
    }

    /// A name that stays in its directory, whatever the operating system makes of it.
    private static boolean isPlain(String name) {
        return !name.startsWith(".")
                && name.chars()
                        .allMatch(
                                c ->
                                        (c >= '0' && c <= '9')
                                                || (c >= 'A' && c <= 'Z')
                                                || (c >= 'a' && c <= 'z')
                                                || c == '-'
                                                || c == '_'
                                                || c == '.');
    }

    /// Names of the files, each once.
    Set<String> files() {
        return new LinkedHashSet<>(fileOf.values());
    }

    /// Refuses a file that holds other tensors than those that the index puts there.
    void requireSame(String file, List<Tensor> tensors) {
        Set<String> promised = new LinkedHashSet<>();
        fileOf.forEach(
                (tensor, name) -> {
                    if (name.equals(file)) {
                        promised.add(tensor);
                    }
                });
        for (Tensor tensor : tensors) {
            if (!promised.remove(tensor.name())) {
                throw new MalformedFileException(
                        "%s: does not put tensor %s into %s, but it is there"
                                .formatted(path, Printable.quote(tensor.name()), file));
            }
        }
        if (!promised.isEmpty()) {
            throw new MalformedFileException(
                    "%s: puts tensor %s into %s, but it is not there"
                            .formatted(path, Printable.quote(promised.iterator().next()), file));
        }
    }
}
