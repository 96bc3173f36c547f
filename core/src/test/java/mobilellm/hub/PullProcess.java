package mobilellm.hub;

import java.net.URI;
import java.nio.file.Path;
import java.util.OptionalLong;

/// A pull as a process of its own: `PullProcess ENDPOINT STORE NAME`. Prints a line for each thing it hears, then the file.
final class PullProcess {
    private PullProcess() {}

    public static void main(String[] arguments) throws Exception {
        ModelStore store = new ModelStore(Path.of(arguments[1]));
        HubOptions options = HubOptions.defaults().withEndpoint(URI.create(arguments[0]));
        StoredModel model = new ModelPuller(store, options).pull(arguments[2], new Printing());
        System.out.println("stored " + model.sha256());
    }

    private static final class Printing implements ProgressListener {
        @Override
        public void phase(Phase phase, String subject) {
            System.out.println("phase " + phase);
        }

        @Override
        public void bytes(long done, OptionalLong total) {
            System.out.println("bytes " + done);
        }

        @Override
        public void note(String line) {
            System.out.println("note " + line);
        }
    }
}
