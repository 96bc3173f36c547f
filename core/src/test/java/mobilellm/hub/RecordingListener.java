package mobilellm.hub;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps what a listener hears.
final class RecordingListener implements ProgressListener {
    record Bytes(Phase phase, long done, OptionalLong total) {}

    final List<Phase> phases = new CopyOnWriteArrayList<>();
    final List<Bytes> bytes = new CopyOnWriteArrayList<>();
    final List<String> notes = new CopyOnWriteArrayList<>();

    @Override
    public void phase(Phase phase, String subject) {
        phases.add(phase);
    }

    @Override
    public void bytes(long done, OptionalLong total) {
        bytes.add(new Bytes(phases.getLast(), done, total));
    }

    @Override
    public void note(String line) {
        notes.add(line);
    }
}
