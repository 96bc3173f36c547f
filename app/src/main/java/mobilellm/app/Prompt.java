package mobilellm.app;

import mobilellm.Chat;
import mobilellm.Generation;
import mobilellm.GenerationOptions;
import mobilellm.MobileLlm;
import mobilellm.tokenizer.Tokenizer;

/// What is to be continued.
sealed interface Prompt {
    /// Starts the continuation.
    Generation generate(MobileLlm model, GenerationOptions options);

    /// As a text, for an answer that begins with its prompt.
    String shown(Tokenizer tokenizer);

    record OfText(String text) implements Prompt {
        @Override
        public Generation generate(MobileLlm model, GenerationOptions options) {
            return model.generate(text, options);
        }

        @Override
        public String shown(Tokenizer tokenizer) {
            return text;
        }
    }

    final class OfIds implements Prompt {
        private final int[] ids;

        OfIds(int[] ids) {
            this.ids = ids;
        }

        @Override
        public Generation generate(MobileLlm model, GenerationOptions options) {
            return model.generate(ids, options);
        }

        @Override
        public String shown(Tokenizer tokenizer) {
            return tokenizer.decode(ids, false);
        }
    }

    /// A message in the model's chat template; nothing that the conversation held before is remembered but its system
    /// message.
    record OfChat(Chat conversation, String text) implements Prompt {
        @Override
        public Generation generate(MobileLlm model, GenerationOptions options) {
            conversation.clear();
            return conversation.options(options).send(text);
        }

        @Override
        public String shown(Tokenizer tokenizer) {
            return text;
        }
    }
}
