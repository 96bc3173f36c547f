package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.config.LayerSharing;
import mobilellm.hub.HubOptions;
import mobilellm.hub.ModelPuller;
import mobilellm.hub.ModelStore;
import mobilellm.hub.ProgressListener;
import mobilellm.hub.StoredModel;
import mobilellm.sampling.SamplingOptions;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Map;

/// The model that comes with the library, without a network.
class BuiltInModelTest {
    @TempDir Path home;

    @Test
    void tellsAStoryWithoutANetwork() throws Exception {
        HubOptions offline = HubOptions.fromEnvironment(Map.of("HF_HUB_OFFLINE", "1"));
        StoredModel stored =
                new ModelPuller(new ModelStore(home), offline)
                        .pull("tiny", ProgressListener.SILENT);
        try (MobileLlm model = MobileLlm.load(stored.path())) {
            assertThat(model.config().sharing())
                    .isEqualTo(
                            new LayerSharing(
                                    LayerSharing.Strategy.IMMEDIATE, 2, LayerSharing.Cache.OWN));
            assertThat(model.config().parameters()).isEqualTo(15_639_264);
            GenerationOptions greedy =
                    GenerationOptions.builder()
                            .sampling(SamplingOptions.greedy())
                            .maxTokens(12)
                            .build();
            String story = model.generate("Once upon a time, there was a little", greedy).text();
            assertThat(story).startsWith(" girl named");
            assertThat(model.chat().messages()).as("it has a chat template").isEmpty();
        }
    }
}
