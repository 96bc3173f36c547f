/// The operations as machine code for x86-64, written at start for the processor at hand.
@NullMarked
package mobilellm.kernel.machine;

import org.jspecify.annotations.NullMarked;
