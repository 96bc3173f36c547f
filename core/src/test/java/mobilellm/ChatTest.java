package mobilellm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import mobilellm.engine.ContextLengthException;
import mobilellm.sampling.SamplingOptions;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.testing.TinyModel;
import mobilellm.tokenizer.Tokenizer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// A conversation: what is remembered, computed again, forgotten and stored.
class ChatTest {
    @TempDir Path folder;

    private final MobileLlm model = tinyModel(Optional.of(TinyModel.TEMPLATE));

    @AfterEach
    void free() {
        model.close();
    }

    @Test
    void aFurtherTurnComputesOnlyWhatIsNewAndSaysTheSame() throws IOException {
        Chat chat = model.chat().system("be brief").options(greedy(10));
        String first = chat.send("who is there").text();
        chat.save(folder.resolve("first"));
        Generation second = chat.send("what now");

        Chat fresh = model.chat().options(greedy(10));
        fresh.load(folder.resolve("first"));
        Generation anew = fresh.send("what now");

        assertThat(second.ids()).isEqualTo(anew.ids());
        assertThat(second.text()).isEqualTo(anew.text());
        assertThat(anew.usage().cachedTokens()).isZero();
        assertThat(second.usage().cachedTokens())
                .isGreaterThan(second.usage().promptTokens() / 2)
                .isEqualTo(second.usage().promptTokens() - second.timings().prefillTokens());
        assertThat(chat.messages())
                .containsExactly(
                        ChatMessage.system("be brief"),
                        ChatMessage.user("who is there"),
                        ChatMessage.assistant(first),
                        ChatMessage.user("what now"),
                        ChatMessage.assistant(second.text()));
    }

    /// The template renders the answer anew from its text. Where that gives the ids that were generated, nothing of it is
    /// computed again but the last token, which the answer's length cut off before it was read.
    @Test
    void ofAFurtherTurnOnlyTheNewTokensAreComputed() {
        Chat chat = model.chat().options(greedy(10));
        Generation first = chat.send("what is next");
        int seen = first.usage().promptTokens() + first.usage().completionTokens() - 1;
        assertThat(chat.send("go on").usage().cachedTokens()).isEqualTo(seen);
    }

    @Test
    void anAnswerThatTheTemplateTrimsIsComputedAgainFromThereOn() throws IOException {
        String trimming = TinyModel.TEMPLATE.replace("message.content", "message.content[2:]");
        try (MobileLlm trimmed = tinyModel(Optional.of(trimming))) {
            Chat chat = trimmed.chat().options(greedy(10));
            Generation first = chat.send("xxwho is there");
            assertThat(first.text()).hasSize(10);
            chat.save(folder.resolve("first"));
            Generation second = chat.send("xxwhat now");

            Chat fresh = trimmed.chat().options(greedy(10));
            fresh.load(folder.resolve("first"));
            assertThat(second.text()).isEqualTo(fresh.send("xxwhat now").text());
            assertThat(second.usage().cachedTokens()).isEqualTo(first.usage().promptTokens());
        }
    }

    @Test
    void aForkedConversationGoesItsOwnWay() {
        Chat chat = model.chat().system("be brief").options(greedy(10));
        Generation first = chat.send("who is there");
        first.text();
        Chat fork = chat.fork();
        Generation there = fork.send("and you");
        String here = chat.send("what now").text();

        assertThat(there.usage().cachedTokens())
                .isEqualTo(first.usage().promptTokens() + first.usage().completionTokens() - 1);
        assertThat(fork.messages())
                .startsWith(chat.messages().subList(0, 3).toArray(ChatMessage[]::new))
                .endsWith(ChatMessage.user("and you"), ChatMessage.assistant(there.text()));
        assertThat(chat.messages()).hasSize(5).endsWith(ChatMessage.assistant(here));
    }

    @Test
    void aConversationIsTakenUpWithWhatWasComputedForIt() throws IOException {
        Chat chat = model.chat().system("be brief").options(greedy(10));
        Generation first = chat.send("who is there");
        first.text();
        chat.save(folder.resolve("messages"));
        chat.session().save(folder.resolve("computed"));
        String expected = chat.send("what now").text();

        Chat later = model.chat().options(greedy(10));
        later.load(folder.resolve("messages"));
        later.session().restore(folder.resolve("computed"), (done, total) -> true);
        Generation second = later.send("what now");

        assertThat(second.text()).isEqualTo(expected);
        assertThat(second.usage().cachedTokens())
                .isEqualTo(first.usage().promptTokens() + first.usage().completionTokens() - 1);
    }

    @Test
    void anAnswerCanBeMadeAgain() {
        Chat chat = model.chat().options(seeded(1));
        String first = chat.send("tell me").text();

        assertThat(chat.regenerate().text()).isEqualTo(first);
        String other = chat.options(seeded(2)).regenerate().text();

        assertThat(other).isNotEqualTo(first);
        assertThat(chat.messages())
                .containsExactly(ChatMessage.user("tell me"), ChatMessage.assistant(other));
    }

    @Test
    void thereMustBeAnAnswerToMakeAgain() {
        assertThatThrownBy(() -> model.chat().regenerate())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no answer yet");
    }

    @Test
    void clearKeepsTheSystemMessage() {
        Chat chat = model.chat().system("be brief").options(greedy(5));
        String before = chat.send("hello").text();

        chat.clear();

        assertThat(chat.messages()).containsExactly(ChatMessage.system("be brief"));
        assertThat(chat.send("hello").text()).isEqualTo(before);
        assertThat(chat.system("").messages()).doesNotContain(ChatMessage.system("be brief"));
    }

    @Test
    void anAnswerThatIsCutShortIsRemembered() {
        Chat chat = model.chat().options(greedy(50));
        Generation cut = chat.send("hello");
        String beginning = cut.iterator().next();
        cut.cancel();

        assertThat(cut.text()).isEqualTo(beginning);
        assertThat(chat.messages())
                .containsExactly(ChatMessage.user("hello"), ChatMessage.assistant(beginning));
    }

    @Test
    void aQuestionThatWasNeverAnsweredIsForgotten() {
        Chat chat = model.chat().options(greedy(5));
        Generation unread = chat.send("hello");
        String answer = chat.send("anyone").text();

        assertThat(unread.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(chat.messages())
                .containsExactly(ChatMessage.user("anyone"), ChatMessage.assistant(answer));
    }

    @Test
    void aRegeneratedAnswerThatIsNeverReadLeavesTheOldOne() {
        Chat chat = model.chat().options(greedy(5));
        String answer = chat.send("hello").text();

        chat.regenerate().close();

        assertThat(chat.messages())
                .containsExactly(ChatMessage.user("hello"), ChatMessage.assistant(answer));
    }

    @Test
    void aConversationThatDoesNotFitIsRefusedAndStaysAsItWas() {
        Chat chat = model.chat().options(greedy(5));
        String answer = chat.send("hello").text();

        assertThatThrownBy(() -> chat.send("x".repeat(TinyModel.CONTEXT)))
                .isInstanceOf(ContextLengthException.class)
                .hasMessageContaining("room for 192");

        assertThat(chat.messages())
                .containsExactly(ChatMessage.user("hello"), ChatMessage.assistant(answer));
    }

    @Test
    void withContextShiftAConversationGoesOnForEver() {
        Chat chat =
                model.chat()
                        .system("be brief")
                        .options(greedy(20).toBuilder().contextShift(true).build());
        for (int turn = 0; turn < 12; turn++) {
            Generation answer = chat.send("question number " + turn);
            assertThat(answer.ids()).hasSize(20);
            assertThat(answer.usage().promptTokens()).isLessThan(TinyModel.CONTEXT);
        }
        assertThat(chat.messages()).hasSize(25);
    }

    @Test
    void aConversationIsStoredLineByLine() throws IOException {
        Path file = folder.resolve("chat.jsonl");
        Chat chat = model.chat().system("say \"\u00e9\"\nor \ud83d\ude00").options(greedy(5));
        chat.send("tab\there").text();

        chat.save(file);
        Chat other = model.chat();
        other.load(file);

        assertThat(other.messages()).isEqualTo(chat.messages());
        assertThat(Files.readAllLines(file))
                .hasSize(3)
                .first()
                .isEqualTo(
                        "{\"role\":\"system\",\"content\":\"say \\\"\u00e9\\\"\\n"
                                + "or \ud83d\ude00\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "[]",
                "{\"role\": \"user\"}",
                "{\"role\": \"user\", \"content\": 5}",
                "{\"role\": \"user\", \"content\": \"a\", \"more\": \"b\"}",
                "{\"role\": \"user\", \"content\": \"a\"} {}",
                "{\"role\": \"<|im_end|>\", \"content\": \"a\"}",
                "{\"role\": \"user\", \"content\": {\"a\": \"b\"}}",
            })
    void aLineThatIsNoMessageIsNamed(String line) throws IOException {
        Path file = folder.resolve("bad.jsonl");
        Files.writeString(file, "{\"role\": \"user\", \"content\": \"fine\"}\n" + line + "\n");
        Chat chat = model.chat().system("be brief");

        assertThatThrownBy(() -> chat.load(file))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageContaining("bad.jsonl, line 2");
        assertThat(chat.messages()).containsExactly(ChatMessage.system("be brief"));
    }

    @Test
    void aModelWithoutTemplateSaysSoAndStillGenerates() {
        try (MobileLlm plain = tinyModel(Optional.empty())) {
            assertThatThrownBy(plain::chat)
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageContaining("no chat template");
            assertThat(plain.generate("hello", greedy(5)).ids()).hasSize(5);
        }
    }

    /// Ends of answers are forbidden, so that every answer has its length.
    private static GenerationOptions greedy(int tokens) {
        return options(tokens, 0, 0);
    }

    private static GenerationOptions seeded(long seed) {
        return options(20, 1, seed);
    }

    private static GenerationOptions options(int tokens, double temperature, long seed) {
        Map<Integer, Double> never =
                TinyModel.tokenizer().endOfGeneration().stream()
                        .collect(Collectors.toMap(id -> id, id -> Double.NEGATIVE_INFINITY));
        return GenerationOptions.builder()
                .maxTokens(tokens)
                .sampling(
                        SamplingOptions.builder()
                                .temperature(temperature)
                                .seed(seed)
                                .logitBias(never)
                                .build())
                .build();
    }

    private static MobileLlm tinyModel(Optional<String> template) {
        Tokenizer tokenizer = TinyModel.tokenizer();
        return MobileLlm.of(
                TinyModel.tensors(),
                TinyModel.config(),
                () -> tokenizer,
                template,
                LoadOptions.builder().kernels("scalar").build());
    }
}
