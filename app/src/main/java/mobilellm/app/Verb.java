package mobilellm.app;

/// One verb of the command line; its fields are filled by picocli before [#run] is called.
interface Verb {
    /// Does the work.
    ///
    /// @throws UsageException if the options contradict each other
    /// @throws InterruptedException if the user stopped it
    /// @throws Exception if it failed: the message becomes the one line that the user reads
    void run(Context context) throws Exception;
}
