package mobilellm.app;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.template.ChatTemplate;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `mobilellm template [MODEL] --messages F.json`
@Command(
        description = {
            "Renders messages with the chat template of a model, or of a file. The messages are a"
                    + " JSON array such as",
            "[{\"role\": \"user\", \"content\": \"Hello\"}]. With --template and without MODEL no"
                    + " model is needed; then --variables gives bos_token and eos_token where the"
                    + " template asks for them."
        },
        footer = {
            "  echo '[{\"role\": \"user\", \"content\": \"Hello\"}]' | mobilellm template"
                    + " smollm2:135m --messages -",
            "  mobilellm template --template chat.jinja --messages conversation.json --tools"
                    + " tools.json"
        })
final class TemplateVerb implements Verb {
    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "the model whose template is wanted")
    @Nullable String model;

    @Mixin DownloadOption download = new DownloadOption();

    @Option(
            names = "--messages",
            paramLabel = "FILE",
            required = true,
            description = "JSON array of messages (- is stdin)")
    String messages = "";

    @Option(
            names = "--template",
            paramLabel = "FILE",
            description = "a template instead of the model's own")
    @Nullable String template;

    @Option(
            names = "--tools",
            paramLabel = "FILE",
            description = "JSON array of tools that the model may call")
    @Nullable String tools;

    @Option(
            names = "--variables",
            paramLabel = "FILE",
            description = "JSON object of further variables; they win over the model's")
    @Nullable String variables;

    @Option(
            names = "--no-generation-prompt",
            description = "end after the last message, without the start of an answer")
    boolean noGenerationPrompt;

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        Map<String, Object> values = new LinkedHashMap<>();
        String source = source(context, values);
        values.put("messages", array(messages, "messages", context));
        values.put("add_generation_prompt", !noGenerationPrompt);
        if (tools != null) {
            values.put("tools", array(tools, "tools", context));
        }
        if (variables != null) {
            String name = Texts.name(variables);
            values.putAll(Json.readObject(Texts.read(variables, context), name));
        }
        String text = ChatTemplate.parse(source).render(values);
        if (context.json()) {
            context.output().json(Map.of("text", text));
        } else {
            context.printText(text);
        }
    }

    /// The template; what the model knows of its variables goes into `values`.
    private String source(Context context, Map<String, Object> values)
            throws IOException, InterruptedException {
        if (template != null && model == null) {
            return Texts.read(template, context);
        }
        Path path = new Models(context).locate(model, download.yes).path();
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            values.putAll(SpecialTokens.variables(checkpoint));
            if (template != null) {
                return Texts.read(template, context);
            }
            return checkpoint
                    .chatTemplate()
                    .orElseThrow(
                            () ->
                                    new IOException(
                                            path
                                                    + " has no chat template; give one with"
                                                    + " --template"));
        }
    }

    /// A JSON array, or an object that holds one under `key`.
    private static List<?> array(String file, String key, Context context) throws IOException {
        String name = Texts.name(file);
        Object value = Json.read(Texts.read(file, context), name);
        if (value instanceof Map<?, ?> object) {
            value = object.get(key);
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(name + ": expected a JSON array of " + key);
    }
}
