package mobilellm.kernel.machine;

import mobilellm.assembler.Routine;
import mobilellm.tensor.DType;

import org.jspecify.annotations.Nullable;

/// One member's routines for heads of one width: kept here, because looking them up allocates.
final class HeadRoutines {
    private final Routines routines;
    private int headDim;
    private DType type = DType.F32;
    private @Nullable Routine rotate;
    private @Nullable Routine normalise;
    private @Nullable Routine write;

    HeadRoutines(Routines routines) {
        this.routines = routines;
    }

    private void use(int wanted) {
        if (wanted != headDim) {
            headDim = wanted;
            rotate = null;
            normalise = null;
            write = null;
        }
    }

    Routine rotate(int width) {
        use(width);
        Routine known = rotate;
        if (known == null) {
            known = routines.rotate(width);
            rotate = known;
        }
        return known;
    }

    Routine normalise(int width) {
        use(width);
        Routine known = normalise;
        if (known == null) {
            known = routines.normaliseHeads(width);
            normalise = known;
        }
        return known;
    }

    /// What stores keys and values as `wanted`.
    Routine write(int width, DType wanted) {
        use(width);
        Routine known = write;
        if (known == null || type != wanted) {
            known = routines.keyValueWriter(width, wanted);
            write = known;
            type = wanted;
        }
        return known;
    }
}
