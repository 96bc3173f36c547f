package mobilellm;

import mobilellm.template.ChatTemplate;
import mobilellm.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// Turns a conversation into ids, such that only the template can write a special token: a message that says
/// `<|im_end|>` is text about a token, not the token (hostile users would otherwise speak as the system).
///
/// A template is free to trim, join or change the case of what was said, so the places of messages in the rendering are
/// not known. What can be known is which *characters* came from messages: before rendering, every punctuation character
/// that occurs in the text of any special token (`<`, `|`, `>`, `_` for ChatML) is replaced in the messages by a stand-in,
/// a private-use character that occurs nowhere else. White space, letters and digits stay, so that trimming and changes
/// of case work as ever. Then the rendering is cut at the special tokens that are still spelled in it; those the template
/// wrote. In the text between them the stand-ins are turned back, and it is encoded as plain text, each stretch as a
/// whole: a message and the template's words around it are split into tokens as if nothing had happened. A conversation
/// without special text gets the same ids as its rendering does when parsed at once.
///
/// Two limits: special tokens of letters or digits alone are plain text here, also in templates; and a template that looks
/// for markup inside a message (to drop what is said in `<think>`) does not find it.
final class ChatPrompt {
    private static final int FIRST_PRIVATE_USE = 0xE000;
    private static final int LAST_PRIVATE_USE = 0xF8FF;

    private final ChatTemplate template;
    private final String source;
    private final Tokenizer tokenizer;
    private final Map<String, Object> variables;
    private final List<Special> specials;
    private final int[] marks; // the characters that are replaced in messages

    private record Special(String text, int id) {}

    /// @throws mobilellm.template.TemplateException if the template is malformed
    ChatPrompt(String source, Tokenizer tokenizer) {
        this.source = source;
        this.tokenizer = tokenizer;
        template = ChatTemplate.parse(source);
        variables = tokenTexts(tokenizer);
        specials =
                IntStream.range(0, tokenizer.vocabularySize())
                        .filter(tokenizer::isSpecial)
                        .mapToObj(id -> new Special(tokenizer.piece(id), id))
                        .filter(special -> special.text.chars().anyMatch(ChatPrompt::isMark))
                        .sorted(
                                Comparator.comparingInt((Special special) -> special.text.length())
                                        .reversed())
                        .toList();
        marks =
                specials.stream()
                        .flatMapToInt(special -> special.text.chars())
                        .filter(ChatPrompt::isMark)
                        .distinct()
                        .toArray();
    }

    private static boolean isMark(int character) {
        return !Character.isLetterOrDigit(character)
                && !Character.isWhitespace(character)
                && !Character.isSurrogate((char) character);
    }

    /// What templates call the tokens at the ends of a sequence.
    private static Map<String, Object> tokenTexts(Tokenizer tokenizer) {
        Map<String, Object> texts = new LinkedHashMap<>();
        tokenizer.bos().ifPresent(id -> texts.put("bos_token", tokenizer.piece(id)));
        tokenizer.eos().ifPresent(id -> texts.put("eos_token", tokenizer.piece(id)));
        return texts;
    }

    /// The ids of the conversation, up to where the model's answer begins.
    ///
    /// @throws mobilellm.template.TemplateException if the template cannot render these messages
    int[] encode(List<ChatMessage> messages) {
        char[] standIns = standIns(messages);
        List<Map<String, Object>> rendered = new ArrayList<>();
        for (ChatMessage message : messages) {
            rendered.add(
                    Map.of(
                            "role",
                            message.role(),
                            "content",
                            replace(message.content(), standIns)));
        }
        Map<String, Object> all = new LinkedHashMap<>(variables);
        all.put("messages", rendered);
        all.put("add_generation_prompt", true);
        return encode(template.render(all), standIns);
    }

    private int[] encode(String rendering, char[] standIns) {
        IntStream.Builder ids = IntStream.builder();
        int start = 0;
        int index = 0;
        while (index < rendering.length()) {
            Special special = specialAt(rendering, index);
            if (special == null) {
                index++;
                continue;
            }
            addPlain(ids, rendering.substring(start, index), standIns);
            ids.add(special.id);
            index += special.text.length();
            start = index;
        }
        addPlain(ids, rendering.substring(start), standIns);
        return ids.build().toArray();
    }

    /// The longest special token that is spelled here.
    private @Nullable Special specialAt(String rendering, int index) {
        for (Special special : specials) {
            if (rendering.startsWith(special.text, index)) {
                return special;
            }
        }
        return null;
    }

    private void addPlain(IntStream.Builder ids, String text, char[] standIns) {
        if (!text.isEmpty()) {
            for (int id : tokenizer.encode(restore(text, standIns), false)) {
                ids.add(id);
            }
        }
    }

    /// One private-use character for each mark, none of which anyone uses.
    private char[] standIns(List<ChatMessage> messages) {
        StringBuilder taken = new StringBuilder(source);
        messages.forEach(message -> taken.append(message.content()));
        variables.values().forEach(taken::append);
        String used = taken.toString();
        int[] free =
                IntStream.rangeClosed(FIRST_PRIVATE_USE, LAST_PRIVATE_USE)
                        .filter(character -> used.indexOf(character) < 0)
                        .limit(marks.length)
                        .toArray();
        if (free.length < marks.length) {
            throw new IllegalArgumentException(
                    "the conversation uses nearly all private-use characters (U+E000 to U+F8FF); a"
                            + " few must stay free to tell its text from the template's");
        }
        char[] standIns = new char[free.length];
        for (int i = 0; i < free.length; i++) {
            standIns[i] = (char) free[i];
        }
        return standIns;
    }

    private String replace(String content, char[] standIns) {
        String replaced = content;
        for (int i = 0; i < marks.length; i++) {
            replaced = replaced.replace((char) marks[i], standIns[i]);
        }
        return replaced;
    }

    private String restore(String text, char[] standIns) {
        String restored = text;
        for (int i = 0; i < marks.length; i++) {
            restored = restored.replace(standIns[i], (char) marks[i]);
        }
        return restored;
    }
}
