package mobilellm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.tensor.DType;
import mobilellm.testing.RealModel;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;

/// Counts of models that exist.
class FootprintTest {
    @ParameterizedTest
    @CsvSource({
        "125M, 124635456, 23040",
        "350M, 345355200, 40960",
        "600M, 603188352, 61440",
        "1B, 1005461760, 69120",
        "1.5B, 1511188800, 69120",
        "LS-125M, 124635456, 46080",
        "LS-350M, 345355200, 81920",
        "smollm2-135m, 134515008, 23040",
        "smollm2-360m, 361821120, 40960",
    })
    void presetsHaveThePublishedSizes(String name, long parameters, long cacheBytes) {
        ModelConfig config = ModelPresets.find(name).orElseThrow();
        assertThat(config.parameters()).isEqualTo(parameters);
        assertThat(new Footprint(config).cacheBytesPerToken(KvType.F16)).isEqualTo(cacheBytes);
        assertThat(new Footprint(config).weightBytes(DType.F32, DType.F32))
                .isEqualTo(4 * parameters);
        assertThat(ModelPresets.names()).contains(name);
    }

    /// Norms stay F32: 61 of 576 weights.
    @Test
    void aRealFileHasAsManyBytes() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(RealModel.path())) {
            long stored =
                    checkpoint.storedTensors().stream()
                            .mapToLong(tensor -> tensor.data().byteSize())
                            .sum();
            ModelConfig preset = ModelPresets.find("smollm2-135m").orElseThrow();
            assertThat(checkpoint.config()).isEqualTo(preset);
            assertThat(new Footprint(preset).weightBytes(DType.Q4_1, DType.Q8_0)).isEqualTo(stored);
        }
    }

    @Test
    void rowsThatAreNoWholeBlocksCannotBeStored() {
        Footprint small = new Footprint(ModelPresets.find("125M").orElseThrow());
        assertThat(small.isStorable(DType.Q4_0)).isTrue();
        assertThat(small.isStorable(DType.Q4_K)).isFalse();
        assertThatThrownBy(() -> small.weightBytes(DType.Q4_K, DType.F16))
                .hasMessageContaining("576")
                .hasMessageContaining("Q4_K");
    }
}
