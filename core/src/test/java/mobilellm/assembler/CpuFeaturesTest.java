package mobilellm.assembler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

final class CpuFeaturesTest {
    @Test
    @EnabledOnOs(OS.LINUX) // It lists the processor's features in /proc.
    void theProcessorSaysWhatTheSystemSays() throws IOException {
        var cpu = CpuFeatures.detect();
        assumeTrue(cpu.refusal().isEmpty(), cpu::why);
        Set<String> flags = Set.of(fromSystem("flags").split(" ", -1));
        for (CpuFeature feature : CpuFeature.values()) {
            assertThat(cpu.features().contains(feature))
                    .as(feature.toString())
                    .isEqualTo(flags.contains(feature.toString()));
        }
        assertThat(cpu.brand()).isEqualTo(fromSystem("model name"));
        assertThat(cpu.why()).startsWith(cpu.brand() + ": ");
    }

    private static String fromSystem(String key) throws IOException {
        return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aTierIsWholeOrNotThere() {
        var avx2 = EnumSet.of(CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C);
        assertThat(cpu(avx2).tier()).contains(CpuTier.AVX2);
        avx2.remove(CpuFeature.F16C);
        assertThat(cpu(avx2).tier()).isEmpty();
        var all = EnumSet.allOf(CpuFeature.class);
        assertThat(cpu(all).tiers()).containsExactly(CpuTier.values());
        all.remove(CpuFeature.AVX512VL);
        assertThat(cpu(all).tier()).contains(CpuTier.AVX_VNNI);
    }

    private static CpuFeatures cpu(Set<CpuFeature> features) {
        return new CpuFeatures("a processor", features, Optional.empty());
    }

    @Test
    void withoutMachineCodeThereAreNoTiersButAReason() {
        var cpu = new CpuFeatures("", Set.of(), Optional.of("the system refused mmap (errno 1)"));
        assertThat(cpu.tier()).isEmpty();
        assertThat(cpu.why()).isEqualTo("the system refused mmap (errno 1)");
    }
}
