package mobilellm.judge;

import mobilellm.evaluation.task.Row;
import mobilellm.file.WholeFile;
import mobilellm.tensor.MalformedFileException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a judge is asked: FastChat's `judge_prompts.jsonl`, one object a line with `name`, `system_prompt` and
/// `prompt_template`, whose places `{question}`, `{answer_a_1}` and so on are filled as Python's `str.format` does. They are
/// read, not built in, so that the words are those that others used.
public final class JudgePrompts {
    private static final int LARGEST = 1 << 24;
    private static final Pattern PLACE = Pattern.compile("\\{(\\w+)\\}|\\{\\{|\\}\\}");

    /// What a judge is asked.
    ///
    /// @param name of the prompt
    public record Wording(String name, String system, String user) {}

    private final String file;
    private final Map<String, Wording> templates = new LinkedHashMap<>();

    private JudgePrompts(String file) {
        this.file = file;
    }

    /// Reads the prompts.
    ///
    /// @throws MalformedFileException naming the line that is none
    public static JudgePrompts read(Path file) throws IOException {
        JudgePrompts prompts = new JudgePrompts(file.toString());
        for (Row row : Row.read(WholeFile.read(file, "a file of prompts", LARGEST), prompts.file)) {
            prompts.templates.put(
                    row.text("name"),
                    new Wording(
                            row.text("name"),
                            row.text("system_prompt"),
                            row.text("prompt_template")));
        }
        return prompts;
    }

    /// A prompt whose places are filled.
    ///
    /// @throws IllegalArgumentException if there is no such prompt, or it has a place for which there is no value
    Wording fill(String name, Map<String, String> values) {
        Wording template = templates.get(name);
        if (template == null) {
            throw new IllegalArgumentException(
                    "%s has no prompt '%s', expected FastChat's judge_prompts.jsonl; it has %s"
                            .formatted(file, name, String.join(", ", templates.keySet())));
        }
        Matcher places = PLACE.matcher(template.user());
        StringBuilder user = new StringBuilder();
        while (places.find()) {
            places.appendReplacement(user, Matcher.quoteReplacement(value(name, places, values)));
        }
        return new Wording(name, template.system(), places.appendTail(user).toString());
    }

    private String value(String name, Matcher place, Map<String, String> values) {
        @Nullable String key = place.group(1);
        if (key == null) {
            return place.group().substring(1);
        }
        @Nullable String value = values.get(key);
        if (value == null) {
            throw new IllegalArgumentException(
                    "%s: the prompt '%s' asks for {%s}, for which there is nothing; expected one of %s"
                            .formatted(file, name, key, values.keySet()));
        }
        return value;
    }
}
