/// Portable fast kernels on the JDK's Vector API: integer dot products over packed weights and int8 activations.
@NullMarked
package mobilellm.kernel.vector;

import org.jspecify.annotations.NullMarked;
