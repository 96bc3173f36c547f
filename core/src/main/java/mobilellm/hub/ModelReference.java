package mobilellm.hub;

import mobilellm.file.Printable;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a person may write to name a model that is not a path: a short name of the catalogue, or a place on the hub.
sealed interface ModelReference {
    /// `FAMILY` or `FAMILY:VARIANT`.
    record ShortName(String name) implements ModelReference {}

    /// `hf:OWNER/NAME[@REVISION][:FILE]`.
    record OnHub(String repository, String revision, Optional<String> file)
            implements ModelReference {}

    /// Reads either form.
    ///
    /// @throws IllegalArgumentException if it is neither, or if a part could lead out of its folder
    static ModelReference parse(String text) {
        if (text.startsWith("hf:")) {
            return Syntax.onHub(text);
        }
        if (!Syntax.SHORT_NAME.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'"
                            + Printable.line(text)
                            + "' is no model name; expected a name of the catalogue such as"
                            + " smollm2:135m, or hf:OWNER/NAME[@REVISION][:FILE]");
        }
        return new ShortName(text);
    }

    /// The grammar of both forms. Lengths are those that the hub allows.
    final class Syntax {
        private static final Pattern SHORT_NAME =
                Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}(:[a-z0-9][a-z0-9._-]{0,63})?");
        private static final Pattern ON_HUB =
                Pattern.compile("hf:([^@:]*)(?:@([^:]*))?(?::(.*))?", Pattern.DOTALL);
        private static final Pattern REPOSITORY =
                Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}");
        private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9._+/-]{1,200}");
        private static final Pattern FILE = Pattern.compile("[^\\p{Cntrl}\\\\]{1,500}");

        private Syntax() {}

        private static OnHub onHub(String text) {
            Matcher matcher = ON_HUB.matcher(text);
            if (!matcher.matches() || !REPOSITORY.matcher(matcher.group(1)).matches()) {
                throw refused(
                        text,
                        "the repository must be OWNER/NAME in letters, digits, '.', '_' and '-'");
            }
            String revision = Optional.ofNullable(matcher.group(2)).orElse("main");
            if (!REVISION.matcher(revision).matches() || leadsAway(revision)) {
                throw refused(text, "the revision must be a branch, a tag or a commit");
            }
            Optional<String> file = Optional.ofNullable(matcher.group(3));
            if (file.isPresent() && !isFile(file.get())) {
                throw refused(text, "the file must be a path inside the repository");
            }
            return new OnHub(matcher.group(1), revision, file);
        }

        /// Whether this is a path that stays inside its repository.
        static boolean isFile(String path) {
            return FILE.matcher(path).matches() && !leadsAway(path);
        }

        private static boolean leadsAway(String path) {
            for (String step : path.split("/", -1)) {
                if (step.isEmpty() || step.equals(".") || step.equals("..")) {
                    return true;
                }
            }
            return false;
        }

        private static IllegalArgumentException refused(String text, String why) {
            return new IllegalArgumentException(
                    "'"
                            + Printable.line(text)
                            + "': "
                            + why
                            + "; expected hf:OWNER/NAME[@REVISION][:FILE]");
        }
    }
}
