package mobilellm.app;

import java.io.InputStream;

/// What a verb works with.
///
/// @param input stdin
/// @param output stdout: the answer
/// @param notes stderr: everything else
/// @param environment variables and terminals
/// @param json whether the answer is JSON
record Context(
        InputStream input, Output output, Notes notes, Environment environment, boolean json) {}
