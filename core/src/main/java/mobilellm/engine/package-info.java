/// One sequence at work: its ids, its keys and values, and the logits of what may come next.
@NullMarked
package mobilellm.engine;

import org.jspecify.annotations.NullMarked;
