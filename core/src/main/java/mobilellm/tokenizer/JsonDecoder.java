package mobilellm.tokenizer;

import mobilellm.file.Printable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The decoder that a `tokenizer.json` names, as far as it says what one token says and what is cut from the beginning
/// of the text.
final class JsonDecoder {
    private record Replacement(String from, String to) {}

    private final List<Replacement> replacements = new ArrayList<>();
    private boolean byteLevel;
    private boolean byteFallback;
    private int leadingSpaces;

    private JsonDecoder() {}

    static Detokenizer of(
            JsonTree tree,
            boolean present,
            List<String> tokens,
            BitSet special,
            boolean isByteLevel) {
        if (!present) {
            throw tree.unsupported("a file without one");
        }
        JsonDecoder decoder = new JsonDecoder();
        decoder.read(tree);
        if (decoder.byteLevel != isByteLevel) {
            throw tree.unsupported("ByteLevel in only one of decoder and pre_tokenizer");
        }
        return new Detokenizer(
                id -> decoder.said(tokens.get(id), special.get(id)),
                special,
                decoder.leadingSpaces);
    }

    private void read(JsonTree tree) {
        switch (tree.type()) {
            case "Sequence" -> tree.objects("decoders").forEach(this::read);
            case "ByteLevel" -> byteLevel = true;
            case "ByteFallback" -> byteFallback = true;
            case "Fuse" -> {} // tokens are always joined before anything looks at the whole
            case "Replace" -> {
                JsonTree pattern = tree.object("pattern");
                if (!pattern.has("String")) {
                    throw tree.unsupported("Replace by a regular expression");
                }
                replacements.add(new Replacement(pattern.string("String"), tree.string("content")));
            }
            case "Strip" -> {
                if (!tree.string("content").equals(" ") || tree.index("stop", 0) != 0) {
                    throw tree.unsupported("Strip of anything but spaces at the beginning");
                }
                leadingSpaces = tree.index("start", 0);
            }
            case "Metaspace" -> {
                replacements.add(new Replacement(tree.string("replacement", "▁"), " "));
                String scheme =
                        tree.string(
                                "prepend_scheme",
                                tree.flag("add_prefix_space", true) ? "always" : "never");
                leadingSpaces = scheme.equals("never") ? 0 : 1;
            }
            default -> throw tree.unsupported("decoder " + Printable.quote(tree.type()));
        }
    }

    private byte[] said(String token, boolean special) {
        if (byteLevel) {
            return ByteLevelBpe.bytes(token, special);
        }
        String text = token;
        for (Replacement replacement : replacements) {
            text = special ? text : text.replace(replacement.from(), replacement.to());
        }
        int value = byteFallback ? SentencePiece.byteOf(text) : -1;
        return value >= 0 ? new byte[] {(byte) value} : Utf8.encode(text);
    }
}
