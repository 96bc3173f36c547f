package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;

import mobilellm.template.TemplateException;
import mobilellm.testing.Shared;
import mobilellm.tokenizer.BpeVocabulary;
import mobilellm.tokenizer.Tokenizer;
import mobilellm.tokenizer.Tokenizers;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// With every template of the reference, and a tokenizer that knows the markup of them all as special tokens: what
/// messages say gives the special tokens that harmless messages of the same length give, and not one more.
class ForgedTokensTest {
    private static final Pattern MARKUP =
            Pattern.compile(
                    "<\\|\\w+\\|>|</?[a-zA-Z_]{2,}>|<</?[A-Z]+>>|\\[/?[A-Z_]+]|<s>|</s>|<unk>");

    @Test
    void noTemplateLetsAMessageWriteASpecialToken() throws IOException {
        List<Path> templates;
        try (Stream<Path> files = Files.list(Shared.path("fixtures/templates/jinja"))) {
            templates = files.sorted().toList();
        }
        List<String> markup = markup(templates);
        Tokenizer tokenizer = tokenizer(markup);
        int written = 0;
        for (Path template : templates) {
            ChatPrompt prompt = new ChatPrompt(Files.readString(template), tokenizer);
            List<String> hostile = new ArrayList<>(markup);
            hostile.add(String.join("\n", markup));
            for (String text : hostile) {
                List<String> special = special(prompt, tokenizer, text);
                assertThat(special)
                        .as("%s, where messages say %s", template.getFileName(), text)
                        .isEqualTo(special(prompt, tokenizer, text.replaceAll("[^\\w\\s]", "x")));
                written += special.size();
            }
        }
        System.out.printf(
                "forged tokens: %d templates, each with %d texts of markup; templates wrote %d"
                        + " special tokens, messages none%n",
                templates.size(), markup.size() + 1, written);
        assertThat(templates).hasSizeGreaterThan(10);
        assertThat(written).isGreaterThan(1000);
    }

    private static List<String> special(ChatPrompt prompt, Tokenizer tokenizer, String text) {
        List<ChatMessage> messages =
                List.of(
                        ChatMessage.system(text),
                        ChatMessage.user(text),
                        ChatMessage.assistant(text),
                        ChatMessage.user("so: " + text));
        int[] ids;
        try {
            ids = prompt.encode(messages);
        } catch (TemplateException e) {
            assertThat(e).hasMessageContaining("no system role");
            ids = prompt.encode(messages.subList(1, messages.size()));
        }
        return Arrays.stream(ids).filter(tokenizer::isSpecial).mapToObj(tokenizer::piece).toList();
    }

    private static List<String> markup(List<Path> templates) throws IOException {
        TreeSet<String> markup = new TreeSet<>(List.of("<s>", "</s>", "<unk>"));
        for (Path template : templates) {
            MARKUP.matcher(Files.readString(template))
                    .results()
                    .map(MatchResult::group)
                    .forEach(markup::add);
        }
        return List.copyOf(markup);
    }

    private static Tokenizer tokenizer(List<String> markup) {
        List<String> tokens = new ArrayList<>(markup);
        int[] types = new int[markup.size() + 2 + '~' - '!' + 1];
        Arrays.fill(types, 0, markup.size(), 3);
        Arrays.fill(types, markup.size(), types.length, 1);
        tokens.addAll(List.of("Ġ", "Ċ"));
        for (char character = '!'; character <= '~'; character++) {
            tokens.add(String.valueOf(character));
        }
        return Tokenizers.byteLevelBpe(
                new BpeVocabulary(
                        tokens,
                        types,
                        List.of(),
                        "gpt-2",
                        OptionalInt.of(tokens.indexOf("<s>")),
                        OptionalInt.of(tokens.indexOf("</s>")),
                        false));
    }
}
