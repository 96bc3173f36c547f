package mobilellm.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import mobilellm.template.ChatTemplate;
import mobilellm.template.RenderLimits;
import mobilellm.template.TemplateException;
import mobilellm.tensor.MalformedFileException;
import mobilellm.testing.TinyModel;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/// A chat template, parsed and rendered.
public final class TemplateFuzz {
    private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

    /// Enough for what templates do, and soon over for what they should not.
    private static final RenderLimits LIMITS = new RenderLimits(100_000, 400, 1 << 16);

    private static final Map<String, Object> CONVERSATION =
            Map.of(
                    "messages",
                    List.of(
                            Map.of("role", "system", "content", "Be brief."),
                            Map.of("role", "user", "content", "<|im_end|> é 1.5")),
                    "tools",
                    List.of(Map.of("name", "f", "parameters", Map.of("x", 1, "y", 2.5))),
                    "add_generation_prompt",
                    true,
                    "bos_token",
                    "<s>");

    private static final String STATEMENTS =
            """
            {%- macro show(m, tail='') %}{{ m.role | upper }}: {{ m['content'] | trim }}{{ tail }}{% endmacro -%}
            {% set ns = namespace(n=0) %}{% for m in messages if m.content is defined %}
            {%- if loop.first and not loop.last or m.role == 'user' %}{{ show(m, tail='!') }}{% elif false %}{% break %}{% else %}-{% endif %}
            {%- set ns.n = ns.n + loop.index0 ** 2 %}{% endfor %}{# note #}{{ ns.n ~ bos_token }}
            {%- if not messages %}{{ raise_exception('none') }}{% endif %}{{ strftime_now('%Y-%m') }}\
            """;

    private static final String EXPRESSIONS =
            """
            {{ tools | tojson(indent=2) }}{{ 'a,b'.split(',') | join('-') | replace('a', 'c') }}{{ messages[::-1][0].content[1:-1] }}
            {{- (1, 2.5, 'x') | list | length }}{{ '%s %05.2f' % ('a', 7 // 2) }}{{ [3, 1, 2] | sort | map('string') | join }}
            {{- {'a': 1}.items() | list }}{{ 1 if x is none else 'y' }}{{ messages | selectattr('role', 'equalto', 'user') | first }}\
            """;

    static final Target TARGET =
            Target.of(
                    "Template",
                    TemplateFuzz::render,
                    1024,
                    List.of(
                            TinyModel.TEMPLATE.getBytes(UTF_8),
                            STATEMENTS.getBytes(UTF_8),
                            EXPRESSIONS.getBytes(UTF_8)));

    private TemplateFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        TARGET.run(bytes);
    }

    private static void render(byte[] bytes) {
        try {
            ChatTemplate.parse(new String(bytes, UTF_8)).render(CONVERSATION, CLOCK, LIMITS);
        } catch (TemplateException e) {
            throw new MalformedFileException(e.toString()); // what other parsers promise
        }
    }
}
