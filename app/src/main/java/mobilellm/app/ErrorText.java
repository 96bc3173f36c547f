package mobilellm.app;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Turns what went wrong into the one sentence that follows `error: `.
final class ErrorText {
    private ErrorText() {}

    static String of(Throwable failure) {
        return oneLine(
                switch (failure) {
                    case OutOfMemoryError e ->
                            "not enough memory: "
                                    + message(e)
                                    + "; use a smaller --context, or let Java have more with"
                                    + " JAVA_TOOL_OPTIONS=-Xmx…";
                    case UncheckedIOException e when e.getCause() != null -> of(e.getCause());
                    case NoSuchFileException e -> "there is no file " + e.getFile();
                    case AccessDeniedException e -> "no permission to use " + e.getFile();
                    case FileAlreadyExistsException e ->
                            e.getFile() + ": " + e.getReason() + "; --force replaces it";
                    case FileSystemException e when e.getReason() != null ->
                            e.getFile() + ": " + e.getReason();
                    case CharacterCodingException e -> "the text is not UTF-8";
                    case IOException e -> withCause(e);
                    case IllegalArgumentException e -> message(e);
                    case IllegalStateException e -> withCause(e);
                    case UnsupportedOperationException e -> message(e);
                    // The library's own exceptions carry whole sentences.
                    case RuntimeException e when isOurs(e) -> withCause(e);
                    default ->
                            "unexpected "
                                    + failure.getClass().getSimpleName()
                                    + ": "
                                    + message(failure)
                                    + " (--stacktrace shows where)";
                });
    }

    private static boolean isOurs(Throwable failure) {
        return failure.getClass().getPackageName().startsWith("mobilellm");
    }

    static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }

    private static String withCause(Throwable failure) {
        String message = message(failure);
        Throwable cause = failure.getCause();
        // All that a decoder says of malformed text is a length.
        if (cause == null
                || cause instanceof CharacterCodingException
                || message.contains(message(cause))) {
            return message;
        }
        return message + ": " + message(cause);
    }

    private static String message(Throwable failure) {
        @Nullable String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }
}
