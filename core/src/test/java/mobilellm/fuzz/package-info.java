/// One fuzz target for each parser of bytes from strangers. `FuzzTest` tries some thousand mutants of good files with each
/// build; `dev/fuzz` runs a target under Jazzer, led by coverage, for as long as you like.
@NullMarked
package mobilellm.fuzz;

import org.jspecify.annotations.NullMarked;
