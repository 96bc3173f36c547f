package mobilellm.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.tensor.MalformedFileException;

import java.nio.file.FileSystemException;
import java.util.List;

/// The `model.safetensors.index.json` of a model directory.
public final class ShardIndexFuzz {
    private static final Folder MODEL = Folder.shardedModel();

    static final Target TARGET =
            Target.of(
                    "ShardIndex",
                    bytes -> {
                        MODEL.write(Folder.INDEX, bytes);
                        try {
                            MODEL.open();
                        } catch (FileSystemException e) {
                            throw new MalformedFileException(
                                    e.toString(), e); // lists a file that is not there
                        }
                    },
                    256,
                    List.of(Folder.index().getBytes(UTF_8)));

    private ShardIndexFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }
}
