package mobilellm.app;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How perplexity counts.
final class ProtocolConverter implements ITypeConverter<String> {
    static final String PAPERS = "papers";
    static final String LLAMA_CPP = "llama.cpp";

    @Override
    public String convert(String value) {
        if (!value.equals(PAPERS) && !value.equals(LLAMA_CPP)) {
            throw new TypeConversionException(
                    "expected %s or %s, got '%s'"
                            .formatted(PAPERS, LLAMA_CPP, Text.printable(value)));
        }
        return value;
    }
}
