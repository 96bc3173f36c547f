/// The model itself: weights, key/value cache, the forward pass, and the float64 reference that it is held against.
@NullMarked
package mobilellm.model;

import org.jspecify.annotations.NullMarked;
