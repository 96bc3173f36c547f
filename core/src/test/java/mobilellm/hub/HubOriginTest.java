package mobilellm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.URI;
import java.util.Map;
import java.util.Optional;

final class HubOriginTest {
    private static final String TOKEN = "hf_secret";

    private final HubOrigin origin =
            new HubOrigin(URI.create("https://hub.example"), Optional.of(TOKEN));

    @ParameterizedTest
    @ValueSource(strings = {"https://hub.example/a", "https://HUB.example:443/a?b=c"})
    void showsTheTokenToTheHub(String address) {
        assertThat(origin.authorization(URI.create(address))).contains("Bearer " + TOKEN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://hub.example/a",
                "https://hub.example:8443/a",
                "https://cdn.hub.example/a",
                "https://hub.example.evil/a",
                "https://evil/hub.example"
            })
    void showsTheTokenToNobodyElse(String address) {
        assertThat(origin.authorization(URI.create(address))).isEmpty();
    }

    @Test
    void sendsTheTokenInPlainTextOnlyWithinThisMachine() {
        for (String local :
                new String[] {
                    "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"
                }) {
            URI endpoint = URI.create(local);
            assertThat(new HubOrigin(endpoint, Optional.of(TOKEN)).authorization(endpoint))
                    .as(local)
                    .isPresent();
        }
        for (String remote :
                new String[] {
                    "http://192.168.0.7", "http://127.0.0.1.evil", "http://localhost.evil"
                }) {
            URI endpoint = URI.create(remote);
            assertThat(new HubOrigin(endpoint, Optional.of(TOKEN)).authorization(endpoint))
                    .as(remote)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://cdn.example/a",
                "file:///etc/passwd",
                "ftp://cdn.example/a",
                "https:///a",
                "::",
                ""
            })
    void refusesRedirectsThatGiveUpEncryptionOrTheWeb(String location) throws HubException {
        URI from = URI.create("https://hub.example/x/y");
        if (location.isEmpty()) {
            // Back to itself: the limit on the number of redirects ends that.
            assertThat(origin.redirect(from, location).getHost()).isEqualTo("hub.example");
            return;
        }
        assertThatThrownBy(() -> origin.redirect(from, location))
                .isInstanceOf(HubException.class)
                .hasMessageStartingWith("https://hub.example/x/y redirects to");
    }

    @Test
    void followsRelativeRedirects() throws HubException {
        assertThat(origin.redirect(URI.create("https://hub.example/x/y"), "/z"))
                .hasToString("https://hub.example/z");
    }

    @Test
    void keepsTheTokenOutOfTextAndRefusesOneThatCannotBeSent() {
        assertThat(HubOptions.defaults().withToken(TOKEN)).asString().doesNotContain(TOKEN);
        assertThatThrownBy(() -> HubOptions.defaults().withToken(TOKEN + "\r\nX: y"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HF_TOKEN")
                .hasMessageNotContaining(TOKEN);
    }

    @Test
    void takesTheHubsVariables() {
        HubOptions options =
                HubOptions.fromEnvironment(
                        Map.of(
                                "HF_ENDPOINT",
                                "https://mirror.example/",
                                "HF_TOKEN",
                                " t \n",
                                "HF_HUB_OFFLINE",
                                "1"));
        assertThat(options.endpoint()).hasToString("https://mirror.example/");
        assertThat(options.token()).contains("t");
        assertThat(options.offline()).isTrue();
        assertThat(
                        HubOptions.fromEnvironment(
                                Map.of("HF_ENDPOINT", "", "HF_TOKEN", "", "HF_HUB_OFFLINE", "0")))
                .isEqualTo(HubOptions.defaults());
        for (String wrong :
                new String[] {
                    "mirror", "ftp://mirror", "https://u:p@mirror", "https://mirror?x", "ht tp:"
                }) {
            assertThatThrownBy(() -> HubOptions.fromEnvironment(Map.of("HF_ENDPOINT", wrong)))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("HF_ENDPOINT");
        }
    }
}
