/// Element types, shapes and typed views of memory; no arithmetic.
@NullMarked
package mobilellm.tensor;

import org.jspecify.annotations.NullMarked;
