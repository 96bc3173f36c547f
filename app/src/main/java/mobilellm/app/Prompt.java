package mobilellm.app;

import mobilellm.ChatMessage;
import mobilellm.MobileLlm;

import java.util.List;

/// What is to be continued.
sealed interface Prompt {
    /// Its ids.
    ///
    /// @throws RuntimeException if the model cannot have such a prompt
    int[] ids(MobileLlm model);

    /// As a text, for an answer that begins with its prompt.
    default String shown(MobileLlm model) {
        return model.tokenizer().decode(ids(model), false);
    }

    record OfText(String text) implements Prompt {
        @Override
        public int[] ids(MobileLlm model) {
            return model.ids(text);
        }

        @Override
        public String shown(MobileLlm model) {
            return text;
        }
    }

    final class OfIds implements Prompt {
        private final int[] ids;

        OfIds(int[] ids) {
            this.ids = ids;
        }

        @Override
        public int[] ids(MobileLlm model) {
            return ids;
        }
    }

    /// A conversation in the model's chat template.
    record OfMessages(List<ChatMessage> messages) implements Prompt {
        @Override
        public int[] ids(MobileLlm model) {
            return model.ids(messages);
        }
    }
}
