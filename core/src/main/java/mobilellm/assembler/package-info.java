/// Machine code at run time: an x86-64 instruction encoder, memory that the processor may execute, and what this processor can do.
///
/// An [Assembler] turns method calls, named as in Intel's manual ("Intel 64 and IA-32 Architectures Software Developer's Manual",
/// volume 2), into [Code]; [CodeMemory] makes [Routine]s of it. Nothing here knows what the code computes.
@NullMarked
package mobilellm.assembler;

import org.jspecify.annotations.NullMarked;
