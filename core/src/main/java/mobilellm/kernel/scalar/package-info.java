/// Plain loops over dequantised weights in f32: runs on any JVM and is what the other providers are tested against.
@NullMarked
package mobilellm.kernel.scalar;

import org.jspecify.annotations.NullMarked;
