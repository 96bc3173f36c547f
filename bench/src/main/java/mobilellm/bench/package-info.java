/// Kernel micro-benchmarks.
@NullMarked
package mobilellm.bench;

import org.jspecify.annotations.NullMarked;
