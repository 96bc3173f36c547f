package mobilellm.template;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.testing.Shared;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Every text that Jinja2 and Transformers rendered for the shared templates, conversations and expressions.
class ReferenceTest {
    private final Path folder = Shared.path("fixtures/templates");

    @Test
    void conversationsRenderAsInTransformers() throws IOException {
        Map<String, @Nullable Object> file = read("conversations.json");
        Clock clock = clock(file);
        List<String> differences = new ArrayList<>();
        List<Map<String, @Nullable Object>> rows = rows("renderings.jsonl");
        int refused = 0;
        for (Map<String, @Nullable Object> row : rows) {
            Path path = folder.resolve("jinja/" + row.get("template") + ".jinja");
            Map<String, @Nullable Object> variables = conversation(file, row);
            String difference;
            try {
                ChatTemplate template = ChatTemplate.parse(Files.readString(path));
                Rendering rendering = template.render(variables, clock, RenderLimits.DEFAULT);
                difference = difference(row, rendering);
            } catch (TemplateException e) {
                refused++;
                difference = difference(row, e);
            }
            if (!difference.isEmpty()) {
                differences.add(
                        row.get("template") + " " + row.get("conversation") + ": " + difference);
            }
        }
        System.out.printf(
                "template: %d renderings, %d as expected (%d of them errors)%n",
                rows.size(), rows.size() - differences.size(), refused);
        assertThat(differences).isEmpty();
    }

    @Test
    void expressionsHaveTheValuesOfJinja() throws IOException {
        Map<String, @Nullable Object> file = read("context.json");
        Map<String, @Nullable Object> variables = new HashMap<>(map(file.get("context")));
        variables.putAll(map(file.get("variables")));
        Clock clock = clock(file);
        List<String> differences = new ArrayList<>();
        List<Map<String, @Nullable Object>> rows = rows("expressions.jsonl");
        for (Map<String, @Nullable Object> row : rows) {
            String source = text(row, "template");
            String difference;
            try {
                difference =
                        difference(
                                row,
                                ChatTemplate.parse(source)
                                        .render(variables, clock, RenderLimits.DEFAULT));
            } catch (TemplateException e) {
                difference = difference(row, e);
            }
            if (!difference.isEmpty()) {
                differences.add(source + ": " + difference);
            }
        }
        System.out.printf(
                "template: %d expressions, %d as expected%n",
                rows.size(), rows.size() - differences.size());
        assertThat(differences).isEmpty();
    }

    private static String difference(Map<String, @Nullable Object> row, Rendering rendering) {
        if (row.containsKey("error")) {
            return "should fail with " + row.get("message") + " but gives " + rendering.text();
        }
        if (!rendering.text().equals(row.get("text"))) {
            return "expected " + row.get("text") + " but got " + rendering.text();
        }
        if (!row.containsKey("generation_spans")) {
            return "";
        }
        String spans = Objects.toString(row.get("generation_spans"));
        return spans.equals(spans(rendering).toString())
                ? ""
                : "expected " + spans + " but got " + spans(rendering);
    }

    /// The texts of Python's own errors differ; those of `raise_exception` do not.
    private static String difference(Map<String, @Nullable Object> row, TemplateException e) {
        if (!row.containsKey("error")) {
            return "expected " + row.get("text") + " but failed: " + e.getMessage();
        }
        boolean own = "raise_exception".equals(row.get("error"));
        return own && !e.reason().equals(row.get("message")) ? "failed with " + e.reason() : "";
    }

    /// In code points, as Python counts.
    private static List<List<Integer>> spans(Rendering rendering) {
        return rendering.generationSpans().stream()
                .map(
                        span ->
                                List.of(
                                        points(rendering, span.start()),
                                        points(rendering, span.end())))
                .toList();
    }

    private static int points(Rendering rendering, int index) {
        return rendering.text().codePointCount(0, index);
    }

    private static Map<String, @Nullable Object> conversation(
            Map<String, @Nullable Object> file, Map<String, @Nullable Object> row) {
        Map<String, @Nullable Object> options =
                map(maps(file.get("options")).get(number(row, "options")));
        Map<String, @Nullable Object> conversation =
                maps(file.get("conversations")).stream()
                        .filter(
                                candidate ->
                                        Objects.equals(
                                                candidate.get("name"), row.get("conversation")))
                        .findFirst()
                        .orElseThrow();
        Map<String, @Nullable Object> variables = new HashMap<>(map(file.get("variables")));
        variables.putAll(options);
        variables.remove("templates");
        variables.put("messages", conversation.get("messages"));
        variables.put("tools", conversation.containsKey("tools") ? file.get("tools") : null);
        variables.put("documents", options.containsKey("documents") ? file.get("documents") : null);
        return variables;
    }

    private static Clock clock(Map<String, @Nullable Object> file) {
        return Clock.fixed(
                LocalDateTime.parse(text(file, "clock")).toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
    }

    private Map<String, @Nullable Object> read(String name) throws IOException {
        return JsonValue.object(Files.readString(folder.resolve(name)));
    }

    /// Split at line feeds only: texts hold other line ends.
    private List<Map<String, @Nullable Object>> rows(String name) throws IOException {
        String text = Files.readString(folder.resolve(name), StandardCharsets.UTF_8);
        List<Map<String, @Nullable Object>> rows = new ArrayList<>();
        for (String line : PythonText.split(text, "\n", Long.MAX_VALUE)) {
            if (!line.isEmpty()) {
                rows.add(JsonValue.object(line));
            }
        }
        return rows;
    }

    private static String text(Map<String, @Nullable Object> object, String key) {
        return Objects.requireNonNull(object.get(key)).toString();
    }

    private static int number(Map<String, @Nullable Object> object, String key) {
        return Integer.parseInt(text(object, key));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, @Nullable Object> map(@Nullable Object object) {
        return (Map<String, @Nullable Object>) Objects.requireNonNull(object);
    }

    private static List<Map<String, @Nullable Object>> maps(@Nullable Object object) {
        List<Map<String, @Nullable Object>> maps = new ArrayList<>();
        ((List<?>) Objects.requireNonNull(object)).forEach(item -> maps.add(map(item)));
        return maps;
    }
}
