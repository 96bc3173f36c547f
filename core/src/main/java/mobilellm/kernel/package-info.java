/// The contract of the arithmetic: packed matrices, activations, the key/value store, the thread team, and the
/// operations of a transformer block. Two providers implement it: `scalar` (plain loops over dequantised weights, the
/// oracle of tests) and `vector` (the JDK's Vector API with int8 activations).
///
/// Every operation is called by all threads of a [mobilellm.kernel.ThreadTeam] at once (single program, multiple data);
/// each does the share that its worker index gives it. Between operations that read what another thread wrote stands a
/// barrier. Each output value is computed by one thread in one fixed order, so results have the same bits whatever the
/// number of threads, the size of the batch or the cutting of a prompt into chunks.
@NullMarked
package mobilellm.kernel;

import org.jspecify.annotations.NullMarked;
