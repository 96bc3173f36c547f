package mobilellm.app;

import mobilellm.hub.ModelStore;
import mobilellm.hub.StoredModel;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// `mobilellm rm NAME`
@Command(
        description = {
            "Forgets a model of the local store, and deletes its file unless another name still"
                    + " needs it. Shows what was removed."
        },
        footer = {"  mobilellm rm smollm2:135m", "  mobilellm rm smollm2:135m --json"})
final class RemoveVerb implements Verb {
    @Parameters(paramLabel = "NAME", description = "a name that 'mobilellm list' shows")
    String name = "";

    @Override
    public void run(Context context) throws IOException {
        ModelStore store = new Models(context).store();
        Optional<StoredModel> model = store.find(name);
        // A name whose file is damaged is not found, yet can be removed.
        if (!store.remove(name)) {
            throw new IOException(
                    "there is no model '%s' in %s, which holds %s"
                            .formatted(Text.printable(name), store.home(), names(store)));
        }
        StoredModels.print(context, model.stream().toList());
    }

    private static String names(ModelStore store) throws IOException {
        List<StoredModel> models = store.list();
        return models.isEmpty()
                ? "none"
                : models.stream().map(StoredModel::name).collect(Collectors.joining(", "));
    }
}
