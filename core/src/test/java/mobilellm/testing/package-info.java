/// What tests share: where reference outputs and the real model are.
@NullMarked
package mobilellm.testing;

import org.jspecify.annotations.NullMarked;
