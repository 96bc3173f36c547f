package mobilellm.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Templates that would run for ever, or take all memory or stack.
class SandboxTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SMALL_STACK_BYTES = 512 << 10;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
                "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{{ a.upper() | length }}{%"
                        + " endfor %}",
                "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{{ a is upper }}{% endfor"
                        + " %}",
                "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{{ a[::-1] == a }}{% endfor"
                        + " %}",
                "{% set a = 'a' * 1000000 %}{{ (a[:500000] ~ 'b') in a }}",
                "{% set a = ['a' * 1000000] * 1000 %}{{ a | sort | length }}",
                "{% set a = ['a' * 1000000] * 1000 %}{{ a | select('upper') | list }}",
                "{{ ('a' * 1000000) | wordwrap(1) }}",
                "{{ range(100000) | unique | list }}",
                "{{ [1] * 10**9 }}",
                "{{ [1] | batch(10**9, 'x') | list }}",
                "{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{%"
                        + " endfor %}",
                "{% set n = namespace(a=[1], b=[1]) %}{% for i in range(99) %}{% set n.a = [n.a,"
                        + " n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}",
            })
    void workHasALimit(String source) {
        assertThat(failure(source)).contains("takes more than 5000000 steps");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 'a' * 10**9 }}",
                "{{ 'a' | center(10**9) }}",
                "{{ 'a' | indent(10**9, true) }}",
                "{{ '%999999999s' % 'a' }}",
                "{{ [[1]] | tojson(indent=10**9) }}",
                "{{ ('a' * 1000000).replace('', 'bbbbbbbb') }}",
                "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{%"
                        + " endfor %}",
                "{% set n = namespace(s=[1]) %}{% for i in range(99) %}{% set n.s = [n.s, n.s] %}{%"
                        + " endfor %}{{ n.s }}",
                "{% for i in range(100000) %}{{ '%99s' % i }}{% endfor %}",
            })
    void textHasALimit(String source) {
        assertThat(failure(source)).contains("a text of more than 4194304 characters");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f(x) %}{% for i in x %}{{ [(f(x) ~ 'a') | trim] }}{% endfor %}{% endmacro"
                        + " %}{{ f([1]) }}",
                "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
                "{% set n = namespace(s=[1]) %}{% for i in range(9999) %}{% set n.s = [n.s] %}{%"
                        + " endfor %}{{ n.s }}",
            })
    void depthHasALimit(String source) {
        assertThat(failure(source)).contains("nested more than 400 levels deep");
    }

    @Test
    void nestingOfTheSourceHasALimit() {
        assertThat(failure("{{ " + "(".repeat(100_000) + ")".repeat(100_000) + " }}"))
                .contains("100 levels");
        assertThat(failure("{{ " + "not ".repeat(100_000) + "1 }}")).contains("100 levels");
        assertThat(failure("{{ " + "-".repeat(100_000) + "1 }}")).contains("100 levels");
        assertThat(failure("{% if 1 %}".repeat(90_000))).contains("100 levels");
        assertThat(failure("{{ 1" + " + 1".repeat(100_000) + " }}")).contains("400 levels");
        assertThat(failure("{{ x" + ".a".repeat(100_000) + " }}")).contains("400 levels");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ 2 ** (10 ** 9) }}",
                "{{ (2 ** 13000) * (2 ** 13000) }}",
                "{{ ('9' * 5000) | int }}"
            })
    void integersHaveALimit(String source) {
        assertThat(failure(source)).contains("an integer of more than");
    }

    @Test
    void rangesHaveALimit() {
        assertThat(failure("{{ range(10**9) }}")).contains("a range of more than 100000 numbers");
        assertThat(failure("{{ range(0, 10**30) }}"))
                .contains("a range of more than 100000 numbers");
    }

    @Test
    void theSourceHasALimit() {
        assertThat(failure("a".repeat(2_000_000))).contains("at most 1048576");
    }

    @Test
    void limitsAreTheCallers() {
        ChatTemplate template = ChatTemplate.parse("{% for i in range(9) %}abc{% endfor %}");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(
                        () ->
                                template.render(
                                        Map.of(),
                                        Clock.systemUTC(),
                                        new RenderLimits(1000, 50, 20)))
                .withMessageContaining("more than 20 characters");
        assertThatExceptionOfType(TemplateException.class)
                .isThrownBy(
                        () ->
                                template.render(
                                        Map.of(),
                                        Clock.systemUTC(),
                                        new RenderLimits(15, 50, 1000)))
                .withMessageContaining("more than 15 steps");
        assertThatIllegalArgumentException().isThrownBy(() -> new RenderLimits(0, 1, 1));
    }

    @Test
    void aConversationThatHoldsItselfIsRefused() {
        List<Object> messages = new ArrayList<>();
        messages.add(messages);
        ChatTemplate template = ChatTemplate.parse("");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> template.render(Map.of("messages", messages)))
                .withMessageContaining("holds itself");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ x.__class__.__mro__ }}",
                "{{ x.getClass() }}",
                "{{ x.append(1) }}",
                "{{ d.update({'a': 1}) }}",
                "{{ d.pop('a') }}",
                "{% set d.a = 1 %}",
            })
    void nothingOutsideCanBeReachedOrChanged(String source) {
        failure(source);
    }

    /// The message of the error that a template must end with, soon, and on a small stack.
    private static String failure(String source) {
        List<String> messages = new ArrayList<>();
        List<Throwable> others = new ArrayList<>();
        Thread thread =
                new Thread(
                        null,
                        () -> {
                            try {
                                ChatTemplate.parse(source)
                                        .render(Map.of("x", List.of(), "d", Map.of("a", 0)));
                            } catch (TemplateException e) {
                                messages.add(e.getMessage());
                            }
                        },
                        "template",
                        SMALL_STACK_BYTES);
        thread.setUncaughtExceptionHandler((_, problem) -> others.add(problem));
        Assertions.assertTimeoutPreemptively(
                PATIENCE,
                () -> {
                    thread.start();
                    thread.join();
                });
        assertThat(others).isEmpty();
        assertThat(messages).as("errors of %.80s", source).hasSize(1);
        return messages.getFirst();
    }
}
