package mobilellm;

import java.io.IOException;
import java.nio.file.Path;

class ReadmeExample {
    public static void main(String[] args) throws IOException {
        try (MobileLlm model = MobileLlm.load(Path.of(args[0]))) {
            Chat chat = model.chat().system("You answer in one sentence.");
            for (String piece : chat.send("Why is the sky blue?")) {
                System.out.print(piece);
            }
            Generation answer = chat.send("And at sunset?");
            System.out.println("\n" + answer.text());
            System.out.println(answer.timings().decodeTokensPerSecond() + " tokens/s");
        }
    }
}
