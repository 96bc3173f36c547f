package mobilellm.app;

import mobilellm.quantisation.TypeRules.Rule;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// `REGEX=TYPE`, such as `ffn_down=q5_0`.
final class TypeRuleConverter implements ITypeConverter<Rule> {
    @Override
    public Rule convert(String value) {
        int equals = value.lastIndexOf('=');
        if (equals < 1) {
            throw new TypeConversionException(
                    "expected REGEX=TYPE such as ffn_down=q5_0, got '" + value + "'");
        }
        String regex = value.substring(0, equals);
        try {
            return new Rule(
                    Pattern.compile(regex), TypeConverter.type(value.substring(equals + 1)));
        } catch (PatternSyntaxException e) {
            throw new TypeConversionException(
                    "'%s' is no regular expression: %s".formatted(regex, e.getDescription()));
        }
    }
}
