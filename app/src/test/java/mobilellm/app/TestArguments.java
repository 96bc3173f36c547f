package mobilellm.app;

import java.util.stream.Stream;

/// Puts command lines together.
final class TestArguments {
    private TestArguments() {}

    static String[] of(String first, String... others) {
        return Stream.concat(Stream.of(first), Stream.of(others)).toArray(String[]::new);
    }

    static String[] of(String first, String second, String[] others) {
        return of(first, of(second, others));
    }
}
