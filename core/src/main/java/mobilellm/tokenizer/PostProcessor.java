package mobilellm.tokenizer;

import mobilellm.file.Printable;

import java.util.List;
import java.util.Optional;

/// What a `tokenizer.json` puts around one text: at most one token before and one behind it.
record PostProcessor(Optional<String> bos, Optional<String> eos) {
    private static final PostProcessor NOTHING =
            new PostProcessor(Optional.empty(), Optional.empty());

    static PostProcessor of(JsonTree tree, boolean present) {
        return present ? of(tree) : NOTHING;
    }

    private static PostProcessor of(JsonTree tree) {
        return switch (tree.type()) {
            case "ByteLevel" -> NOTHING; // changes offsets only
            case "Sequence" -> {
                PostProcessor result = NOTHING;
                for (JsonTree part : tree.objects("processors")) {
                    PostProcessor next = of(part);
                    if (!next.equals(NOTHING) && !result.equals(NOTHING)) {
                        throw tree.unsupported("more than one template");
                    }
                    result = next.equals(NOTHING) ? result : next;
                }
                yield result;
            }
            case "TemplateProcessing" -> template(tree);
            default -> throw tree.unsupported("post_processor " + Printable.quote(tree.type()));
        };
    }

    private static PostProcessor template(JsonTree tree) {
        Optional<String> before = Optional.empty();
        Optional<String> behind = Optional.empty();
        boolean afterText = false;
        List<JsonTree> single = tree.objects("single");
        for (JsonTree part : single) {
            if (part.has("Sequence")) {
                if (afterText) {
                    throw tree.unsupported("a template that repeats the text");
                }
                afterText = true;
                continue;
            }
            Optional<String> token = Optional.of(part.object("SpecialToken").string("id"));
            if ((afterText ? behind : before).isPresent()) {
                throw tree.unsupported("a template with several tokens on one side of the text");
            }
            if (afterText) {
                behind = token;
            } else {
                before = token;
            }
        }
        return new PostProcessor(before, behind);
    }
}
