package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class PhysicalCoresTest {
    @Test
    void hyperThreadsOfOneCoreCountOnce(@TempDir Path folder) throws IOException {
        String[] siblings = {"0,2", "1,3", "0,2", "1,3"};
        for (int processor = 0; processor < siblings.length; processor++) {
            Path topology = folder.resolve("cpu" + processor + "/topology");
            Files.createDirectories(topology);
            Files.writeString(topology.resolve("thread_siblings_list"), siblings[processor] + "\n");
        }
        Files.createDirectories(folder.resolve("cpufreq"));

        assertThat(PhysicalCores.count(folder)).isEqualTo(2);
    }

    @Test
    void neverMoreThanTheJvmMayUse() {
        assertThat(PhysicalCores.count()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }
}
