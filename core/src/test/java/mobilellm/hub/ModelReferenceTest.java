package mobilellm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.hub.ModelReference.OnHub;
import mobilellm.hub.ModelReference.ShortName;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.URI;
import java.util.Optional;
import java.util.OptionalLong;

final class ModelReferenceTest {
    @Test
    void readsBothForms() {
        assertThat(ModelReference.parse("smollm2:135m")).isEqualTo(new ShortName("smollm2:135m"));
        assertThat(ModelReference.parse("hf:Owner/Name"))
                .isEqualTo(new OnHub("Owner/Name", "main", Optional.empty()));
        assertThat(ModelReference.parse("hf:a/b:c.gguf"))
                .isEqualTo(new OnHub("a/b", "main", Optional.of("c.gguf")));
        assertThat(ModelReference.parse("hf:a/b@refs/pr/1:d/e f.gguf"))
                .isEqualTo(new OnHub("a/b", "refs/pr/1", Optional.of("d/e f.gguf")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "../secret",
                "a/b",
                "Smol LM",
                "smollm2:",
                "smollm2:../x",
                "hf:",
                "hf:a",
                "hf:a/b/c",
                "hf:../b",
                "hf:a/..",
                "hf:a/b@",
                "hf:a/b@..",
                "hf:a/b@x/../../y",
                "hf:a/b@/x",
                "hf:a/b@x?y=z",
                "hf:a/b:",
                "hf:a/b:../c.gguf",
                "hf:a/b:/etc/passwd",
                "hf:a/b:c/../../d",
                "hf:a/b:c//d",
                "hf:a/b:./c",
                "hf:a/b:..\\c",
                "hf:a/b:c\nd",
                "hf:a/b:c\u0000"
            })
    void refusesNamesThatLeadElsewhere(String name) {
        assertThatThrownBy(() -> ModelReference.parse(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected");
    }

    @Test
    void writesNamesIntoAddressesAsOneStepEach() {
        HubAddresses addresses = new HubAddresses(URI.create("https://example.org/mirror/"));
        assertThat(addresses.listing("a/b", "refs/pr/1"))
                .hasToString("https://example.org/mirror/api/models/a/b/revision/refs%2Fpr%2F1");
        var file =
                new ModelSource.HubFile(
                        "a/b", "v1+2", "d/e #?%é.gguf", Optional.empty(), OptionalLong.empty());
        assertThat(addresses.file(file))
                .hasToString(
                        "https://example.org/mirror/a/b/resolve/v1%2B2/d/e%20%23%3F%25%C3%A9.gguf");
    }
}
