package mobilellm.hub;

import java.util.OptionalLong;

/// Hears how a download goes, always on the thread that pulls.
public interface ProgressListener {
    /// What the puller is busy with.
    enum Phase {
        /// Asking a source where the file is.
        RESOLVING,
        /// Receiving bytes; [#bytes] follows.
        DOWNLOADING,
        /// Computing the checksum of what was received; [#bytes] follows.
        VERIFYING,
        /// The model is in the store.
        DONE
    }

    /// Hears nothing.
    ProgressListener SILENT =
            new ProgressListener() {
                @Override
                public void phase(Phase phase, String subject) {}

                @Override
                public void bytes(long done, OptionalLong total) {}

                @Override
                public void note(String line) {}
            };

    /// A phase begins.
    ///
    /// @param subject the source or the file it is about, for people
    void phase(Phase phase, String subject);

    /// How far the phase is. May go back to a smaller figure when a transfer has to start again.
    ///
    /// @param total empty when the sender does not say
    void bytes(long done, OptionalLong total);

    /// One line about something unusual that did not stop the work: another source is tried, another process is waited for.
    void note(String line);
}
