package mobilellm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.assembler.CallingConvention;
import mobilellm.assembler.CpuTier;
import mobilellm.kernel.machine.KernelListings;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

class KernelListingsTest {
    @ParameterizedTest
    @EnumSource
    void everyKernelCanBeRead(CpuTier tier) {
        var kernels = KernelListings.of(tier);
        assertThat(kernels)
                .containsKeys("product-q4_0-1", "product-f16-4", "rms-norm", "attention-f16-3");
        kernels.forEach(
                (name, code) ->
                        assertThat(code.listing())
                                .as(name)
                                .containsPattern("c3 +ret")
                                .containsPattern(
                                        tier == CpuTier.AVX512_VNNI && name.startsWith("product")
                                                ? "zmm"
                                                : "[xyz]mm"));
    }

    /// What docs/kernels.md explains line by line is what the tool prints.
    @Test
    void theExplainedListingIsThatOfTheKernel() throws IOException {
        List<String> explained =
                Files.readAllLines(Path.of("..", "docs", "kernels.md")).stream()
                        .dropWhile(line -> !line.startsWith("L3:"))
                        .takeWhile(line -> !line.equals("```"))
                        .map(line -> line.replaceFirst(" *;.*", ""))
                        .toList();
        List<String> printed =
                Objects.requireNonNull(KernelListings.of(CpuTier.AVX512_VNNI).get("product-q4_0-1"))
                        .listing()
                        .lines()
                        .map(String::stripTrailing)
                        .dropWhile(line -> !line.equals("L3:"))
                        .limit(explained.size())
                        .toList();
        assertThat(printed.getLast()).endsWith(" jne L3");
        assertThat(
                        CallingConvention.current() == CallingConvention.SYSTEM_V
                                ? printed
                                : texts(printed))
                .isEqualTo(
                        CallingConvention.current() == CallingConvention.SYSTEM_V
                                ? explained
                                : texts(explained));
    }

    /// Without offsets, which depend on what a system's functions must save.
    private static List<String> texts(List<String> lines) {
        return lines.stream().map(line -> line.replaceFirst("^ +[0-9a-f]+ ", "")).toList();
    }
}
