/// The command line.
@NullMarked
package mobilellm.app;

import org.jspecify.annotations.NullMarked;
