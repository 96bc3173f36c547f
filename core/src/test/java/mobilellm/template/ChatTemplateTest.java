package mobilellm.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

class ChatTemplateTest {
    private static final String CHATML =
            """
            {%- if messages[0].role != 'system' -%}
                {{ '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}
            {%- endif -%}
            {%- for message in messages -%}
                {{ '<|im_start|>' + message['role'] + '\\n' }}
                {%- if message.role == 'assistant' -%}
                    {%- generation -%}{{ message['content'] ~ '<|im_end|>' }}{%- endgeneration -%}
                {%- else -%}
                    {{ message['content'] ~ '<|im_end|>' }}
                {%- endif -%}
                {{ '\\n' }}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
            """;

    @Test
    void aConversationBecomesTheTextTheModelKnows() {
        assertThat(chatml(true, List.of(message("user", "Hello"))).text())
                .isEqualTo(
                        """
                        <|im_start|>system
                        You are helpful.<|im_end|>
                        <|im_start|>user
                        Hello<|im_end|>
                        <|im_start|>assistant
                        """);
    }

    @Test
    void generationSpansAreTheWordsOfTheAssistant() {
        Rendering rendering =
                chatml(
                        false,
                        List.of(
                                message("user", "🙂?"),
                                message("assistant", "Yes."),
                                message("user", "So?"),
                                message("assistant", "No.")));
        assertThat(rendering.generationSpans())
                .extracting(span -> rendering.text().substring(span.start(), span.end()))
                .containsExactly("Yes.<|im_end|>", "No.<|im_end|>");
    }

    @Test
    void templateSyntaxInAMessageIsText() {
        String content = "{{ 7 * 7 }} {% for x in y %} {# z #} \\n {{ messages }}";
        assertThat(chatml(false, List.of(message("user", content))).text()).contains(content);
    }

    @Test
    void theVariablesStayAsTheyAre() {
        Map<String, Object> message = message("user", "x");
        ChatTemplate template =
                ChatTemplate.parse(
                        "{% set messages = [] %}{% set m = {'role': 'z'} %}{{ messages }}");
        assertThat(template.render(Map.of("messages", List.of(message)))).isEqualTo("[]");
        assertThat(message).isEqualTo(message("user", "x"));
    }

    @Test
    void theClockIsTheCallers() {
        Clock clock = Clock.fixed(Instant.parse("2024-02-09T16:05:00Z"), ZoneOffset.UTC);
        ChatTemplate template = ChatTemplate.parse("{{ strftime_now('%-d %B %Y, %I:%M %p') }}");
        assertThat(template.render(Map.of(), clock, RenderLimits.DEFAULT).text())
                .isEqualTo("9 February 2024, 04:05 PM");
    }

    @Test
    void raiseExceptionGivesItsMessageAndLine() {
        ChatTemplate template = ChatTemplate.parse("a\n\n{{ raise_exception('no ' ~ 'way') }}");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> template.render(Map.of()))
                .withMessage("chat template, line 3: no way")
                .satisfies(e -> assertThat(e.reason()).isEqualTo("no way"))
                .satisfies(e -> assertThat(e.line()).isEqualTo(3));
    }

    @Test
    void anErrorWithinAMacroHasTheLineOfTheMacro() {
        ChatTemplate template =
                ChatTemplate.parse("{% macro f(x) %}\n{{ x.y.z }}\n{% endmacro %}\n\n{{ f({}) }}");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> template.render(Map.of()))
                .withMessage("chat template, line 2: 'dict object' has no attribute 'y'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "{% include 'a' %} @ not supported: the tag 'include'",
                "{% import 'a' as b %} @ not supported: the tag 'import'",
                "{% blok %} @ unexpected tag 'blok'",
                "{{ a | random }} @ no filter is named 'random'",
                "{{ a is big }} @ no test is named 'big'",
                "{{ f(*a) }} @ unpacking arguments with '*' is not supported",
                "{{ a $ b }} @ unexpected character '$'",
                "{{ a b }} @ expected '}}', got 'b'",
                "{{ (a] }} @ unexpected ']', expected ')'",
                "{{ 'a }} @ a string has no end; expected '",
                "{# a @ a comment has no end; expected '#}'",
                "{% for x in y %} @ 'for' of line 2 has no end; expected else or endfor",
                "{% break %} @ 'break' outside of a loop",
                "{{ '\\x4' }} @ the escape '\\x4' is no character",
            })
    void whatCannotBeParsedIsNamedWithItsLine(String source, String reason) {
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> ChatTemplate.parse("first line\n" + source))
                .withMessage("chat template, line 2: " + reason);
    }

    /// What Jinja2 3.1.6 with MarkupSafe 3.0.4 makes of them: `Environment().from_string(source).render()`.
    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "{% set c = cycler('a', 'b', 'c') %}{{ c.current }}{% for i in range(4) %}{{"
                        + " c.next() }}{% endfor %}{{ c.current }}{{ c.reset() }}{{ c.next() }} @"
                        + " aabcabNonea",
                "{% set j = joiner() %}{% set k = joiner('|') %}{% for x in 'abc' %}{{ j() }}{{ k()"
                        + " }}{{ x }}{% endfor %} @ a, |b, |c",
                "{{ range(7) | slice(3) | list }} @ [[0, 1, 2], [3, 4], [5, 6]]",
                "{{ range(7) | slice(3, 0) | list }} @ [[0, 1, 2], [3, 4, 0], [5, 6, 0]]",
                "{{ 'abcd' | slice(6) | map('join') | list }} @ ['a', 'b', 'c', 'd', '', '']",
                "{{ '<!-- <b> --><p class=\"a>b\">x &amp; y\\n"
                        + "  <br/>&lt;z&gt;' | striptags }} @ b\">x & y <z>",
                "{{ '&#65;&#x42;&#128;&#0;&#1; AT&T &ampx &#00000000000065;' | striptags }}"
                        + " @ AB\u20ac\ufffd AT&T &x A",
                "{{ 'a < b <!-- no end' | striptags }} {{ 5 | striptags }} @ a < b <!-- no end 5",
            })
    void rareFiltersAndFunctionsDoAsInJinja(String source, String expected) {
        assertThat(ChatTemplate.parse(source).render(Map.of())).isEqualTo(expected);
    }

    @Test
    void characterReferencesThatAreNotKnownAreRefusedByName() {
        ChatTemplate template = ChatTemplate.parse("{{ '&eacute;' | striptags }}");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(() -> template.render(Map.of()))
                .withMessageContaining("'&eacute;' is not supported");
    }

    @Test
    void aVariableThatIsNoJsonIsRefused() {
        ChatTemplate template = ChatTemplate.parse("{{ x }}");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> template.render(Map.of("x", new Object())))
                .withMessageContaining("class java.lang.Object");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> template.render(Map.of("x", Map.of(1, 2))))
                .withMessageContaining("the key 1");
    }

    private static Rendering chatml(boolean generationPrompt, List<Map<String, Object>> messages) {
        Map<String, Object> variables =
                Map.of("messages", messages, "add_generation_prompt", generationPrompt);
        return ChatTemplate.parse(CHATML)
                .render(variables, Clock.systemUTC(), RenderLimits.DEFAULT);
    }

    private static Map<String, Object> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }
}
