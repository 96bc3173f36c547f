package mobilellm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.hub.ModelSource.HubFile;
import mobilellm.hub.ModelSource.PythonPackage;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;

final class CatalogueTest {
    private final Catalogue catalogue = Catalogue.builtIn();

    @Test
    void asksTheHubFirstAndThenThePackage() {
        CatalogueEntry entry = catalogue.find("smollm2:135m").orElseThrow();
        assertThat(entry).isEqualTo(catalogue.defaultEntry());
        assertThat(entry.licence()).isEqualTo("Apache-2.0");
        assertThat(entry.sources()).hasExactlyElementsOfTypes(HubFile.class, PythonPackage.class);
        assertThat(entry.sources().getLast().bytes()).hasValue(98_362_432);
    }

    @Test
    void oneModelIsBuiltIn() {
        CatalogueEntry entry = catalogue.find("tiny").orElseThrow();
        assertThat(entry).isEqualTo(catalogue.builtInEntry());
        assertThat(entry.isBuiltIn()).isTrue();
        assertThat(catalogue.defaultEntry().isBuiltIn()).isFalse();
    }

    @Test
    void hasNoNameThatCouldNotBeAskedFor() {
        assertThat(catalogue.entries())
                .isNotEmpty()
                .allSatisfy(
                        entry ->
                                assertThat(ModelReference.parse(entry.name()))
                                        .isEqualTo(new ModelReference.ShortName(entry.name())))
                .extracting(CatalogueEntry::name)
                .doesNotHaveDuplicates();
        assertThat(catalogue.find("smollm2")).isEmpty();
    }

    @Test
    void saysWhatIsMissing() {
        byte[] json = "{\"models\": [{\"name\": \"x\"}]}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Catalogue.read(json))
                .hasMessageContaining("'display_name' is missing");
    }
}
