package mobilellm.app;

import mobilellm.hub.StoredModel;

import picocli.CommandLine.Command;

import java.io.IOException;
import java.util.List;

/// `mobilellm list`
@Command(
        description = {
            "Shows name, size, start of the sha256 and origin of every model in the local store,"
                    + " one a line."
        },
        footer = {"  mobilellm list", "  mobilellm list --json"})
final class ListVerb implements Verb {
    @Override
    public void run(Context context) throws IOException {
        Models models = new Models(context);
        List<StoredModel> stored = models.store().list();
        StoredModels.print(context, stored);
        if (stored.isEmpty()) {
            context.notes()
                    .note(
                            "no models in %s; 'mobilellm pull %s' downloads one"
                                    .formatted(
                                            models.store().home(),
                                            models.catalogue().defaultEntry().name()));
        }
    }
}
