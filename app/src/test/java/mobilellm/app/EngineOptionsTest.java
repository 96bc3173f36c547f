package mobilellm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.config.Precision;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class EngineOptionsTest {
    @Command
    static final class Options {
        @Mixin EngineOptions engine = new EngineOptions();
        @Mixin KernelOption kernel = new KernelOption();
    }

    @Test
    void valuesArrive() {
        Options options = new Options();
        new CommandLine(options)
                .parseArgs(
                        "--threads=3",
                        "--seed=-7",
                        "--kv=f32",
                        "--kernels=scalar",
                        "--precision=w8a8");
        assertThat(options.engine.threads()).isEqualTo(3);
        assertThat(options.engine.seed).isEqualTo(-7L);
        assertThat(options.engine.keyValueType).isEqualTo("f32");
        assertThat(options.engine.precision).isEqualTo(Precision.W8A8);
        assertThat(options.kernel.kernels).isEqualTo("scalar");
    }

    @ParameterizedTest
    @CsvSource({
        "--threads=0, 'expected a whole number from 1 to 1024, got '",
        "--kv=f64, 'expected f16, f32 or q8_0'",
        "--kernels=gpu, 'expected one of auto, machine, machine:avx512-vnni, machine:avx-vnni,"
                + " machine:avx2, vector, vector:vectors, vector:loops, scalar,"
                + " reference'",
        "--precision=int8, 'expected one of native, f32, w8a8'",
        "--seed=x, is not a long"
    })
    void valuesThatMakeNoSenseAreRefused(String argument, String sentence) {
        CommandLine line = new CommandLine(new Options());
        assertThatThrownBy(() -> line.parseArgs(argument))
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining(argument.substring(0, argument.indexOf('=')))
                .hasMessageContaining(sentence);
    }
}
