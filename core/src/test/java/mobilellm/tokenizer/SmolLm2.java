package mobilellm.tokenizer;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/// The vocabulary of SmolLM2, from the file its authors published; the model's GGUF holds the same.
final class SmolLm2 {
    private SmolLm2() {}

    static BpeVocabulary vocabulary() {
        JsonObject file = JsonObject.file("data/tokenizers/smollm/tokenizer.json");
        JsonObject model = file.object("model");
        JsonObject idOfToken = model.object("vocab");
        String[] tokens = new String[idOfToken.members().size()];
        for (String token : idOfToken.members().keySet()) {
            tokens[(int) idOfToken.number(token)] = token;
        }
        int[] types = new int[tokens.length];
        Arrays.fill(types, 1);
        for (JsonObject added : file.objects("added_tokens")) {
            types[(int) added.number("id")] = 3;
        }
        return new BpeVocabulary(
                List.of(tokens),
                types,
                model.texts("merges"),
                "smollm",
                OptionalInt.of(1),
                OptionalInt.of(2),
                false);
    }

    static Tokenizer tokenizer() {
        return Tokenizers.byteLevelBpe(vocabulary());
    }
}
