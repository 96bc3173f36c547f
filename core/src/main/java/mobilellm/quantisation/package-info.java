/// Smaller models: which type each tensor gets, what its columns are worth, what it costs, and the file that comes of it.
@NullMarked
package mobilellm.quantisation;

import org.jspecify.annotations.NullMarked;
