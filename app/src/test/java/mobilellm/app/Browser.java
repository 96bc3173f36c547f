package mobilellm.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Chromium without a window, which reaches no network. System properties `mobilellm.chromium` and `mobilellm.chromedriver`
/// name programs that are not where Debian has them.
final class Browser implements AutoCloseable {
    private static final int HEIGHT = 900;
    private static final Path CHROMIUM =
            Path.of(System.getProperty("mobilellm.chromium", "/usr/bin/chromium"));
    private static final Path DRIVER =
            Path.of(System.getProperty("mobilellm.chromedriver", "/usr/bin/chromedriver"));

    /// Warns that no version of a protocol is there, which is not used. Held, because a level lasts as long as its logger.
    private static final Logger NOISE = Logger.getLogger("org.openqa.selenium.devtools");

    private final String findFaults;
    private final ChromeDriver driver;

    private Browser(String findFaults, ChromeDriver driver) {
        this.findFaults = findFaults;
        this.driver = driver;
    }

    /// Starts one, or skips the test where there is none.
    static Browser assumeChromium() throws IOException {
        if (!Files.isExecutable(CHROMIUM) || !Files.isExecutable(DRIVER)) {
            String reason =
                    "skipped: no Chromium at %s with its driver at %s (Debian's packages chromium and chromium-driver);"
                                    .formatted(CHROMIUM, DRIVER)
                            + " system properties mobilellm.chromium and mobilellm.chromedriver"
                            + " name them";
            System.out.println(reason);
            throw new TestAbortedException(reason);
        }
        NOISE.setLevel(Level.SEVERE);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM.toFile());
        // Its sandbox does not start as root, which continuous integration may be.
        options.addArguments(
                "--headless=new", "--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND");
        LoggingPreferences console = new LoggingPreferences();
        console.enable(LogType.BROWSER, Level.ALL);
        options.setCapability(ChromeOptions.LOGGING_PREFS, console);
        ChromeDriverService service =
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(DRIVER.toFile())
                        .usingAnyFreePort()
                        .build();
        try (InputStream script =
                Objects.requireNonNull(Browser.class.getResourceAsStream("faults.js"))) {
            return new Browser(
                    new String(script.readAllBytes(), UTF_8), new ChromeDriver(service, options));
        }
    }

    /// Opens a page in a window of this width and tells what its reader would be troubled by.
    List<String> faults(Path page, int width) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", HEIGHT, "deviceScaleFactor", 1, "mobile", false));
        driver.get(page.toUri().toString());
        List<String> faults = new ArrayList<>(strings(findFaults));
        driver.manage().logs().get(LogType.BROWSER).forEach(line -> faults.add(line.getMessage()));
        return faults;
    }

    /// The words of the page that is open, as it shows them.
    String text() {
        return strings("return [document.body.innerText]").getFirst();
    }

    /// What the plots of the page that is open are about.
    List<String> plots() {
        return strings(
                "return [...document.querySelectorAll('svg[aria-label]')].map(plot =>"
                        + " plot.ariaLabel)");
    }

    private List<String> strings(String script) {
        List<?> answer = (List<?>) Objects.requireNonNull(driver.executeScript(script));
        return answer.stream().map(String::valueOf).toList();
    }

    @Override
    public void close() {
        driver.quit();
    }
}
