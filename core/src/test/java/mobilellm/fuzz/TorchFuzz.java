package mobilellm.fuzz;

import mobilellm.torch.Pickle;
import mobilellm.torch.TorchFile;

import java.io.IOException;
import java.lang.foreign.ValueLayout;

/// A PyTorch file, a zip archive or of the older kind.
public final class TorchFuzz {
    private static final Folder FOLDER = new Folder();

    static final Target TARGET = Target.of("Torch", TorchFuzz::read, 512, Pickle.goodFiles());

    private TorchFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }

    private static void read(byte[] bytes) throws IOException {
        try (var file = TorchFile.open(FOLDER.write("fuzzed.bin", bytes))) {
            for (var tensor : file.tensors()) {
                tensor.data().toArray(ValueLayout.JAVA_BYTE);
            }
        }
    }
}
