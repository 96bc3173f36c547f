package mobilellm.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;

/// The `config.json` of a model directory.
public final class ConfigFuzz {
    private static final Folder MODEL = Folder.model();

    static final Target TARGET =
            Target.of(
                    "Config",
                    bytes -> {
                        MODEL.write("config.json", bytes);
                        MODEL.open();
                    },
                    256,
                    List.of(
                            Folder.CONFIG.getBytes(UTF_8),
                            Folder.CONFIG
                                    .replace("mobilellm", "llama")
                                    .replace(
                                            "\"rope_scaling\":null",
                                            "\"tie_word_embeddings\":true,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":16}")
                                    .getBytes(UTF_8)));

    private ConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }
}
