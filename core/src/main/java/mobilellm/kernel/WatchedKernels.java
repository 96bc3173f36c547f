package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

import java.lang.foreign.Arena;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.EnumSet;
import java.util.Set;

/// Another provider's operations, with somebody who sees what each matrix is multiplied with, and may put another
/// matrix in its place. A forward pass without him goes through none of this.
///
/// Of the many operations four have to do with matrices; a proxy hands the others on. Its calls take microseconds, which
/// nobody notices where whole windows of text are run.
public final class WatchedKernels implements KernelProvider {
    /// Who watches. Every member of the team tells him, each for itself.
    public interface Watcher {
        /// The matrix to take for one of the model's.
        default PackedMatrix instead(PackedMatrix matrix) {
            return matrix;
        }

        /// A matrix of the model is multiplied with the first `rows` rows of `x`. Of each such product some member tells the
        /// columns from 0 on, and others the rest, if there is one; of a product that is computed in tiles the first one
        /// tells all columns.
        ///
        /// @param from first column of `x` that this call is about
        /// @param to behind the last one
        default void multiplied(PackedMatrix matrix, Activations x, int rows, int from, int to) {}
    }

    private final KernelProvider watched;
    private final Watcher watcher;
    private final Set<PackedForm> forms;

    /// @param watched whose operations are run
    /// @param forms of matrices that the watcher puts in another's place
    public WatchedKernels(KernelProvider watched, Watcher watcher, Set<PackedForm> forms) {
        this.watched = watched;
        this.watcher = watcher;
        this.forms = Set.copyOf(forms);
    }

    @Override
    public String name() {
        return watched.name();
    }

    @Override
    public boolean isUsable() {
        return watched.isUsable();
    }

    @Override
    public String why() {
        return watched.why();
    }

    @Override
    public boolean isRestartable() {
        return false;
    }

    @Override
    public Operations open(int threads, Arena arena) {
        Operations operations = watched.open(threads, arena);
        return (Operations)
                Proxy.newProxyInstance(
                        Operations.class.getClassLoader(),
                        new Class<?>[] {Operations.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("recording")) {
                                return Recording.NONE; // He wants to see every product.
                            }
                            watch(method.getName(), arguments);
                            try {
                                return method.invoke(operations, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getTargetException();
                            }
                        });
    }

    /// Looks at the arguments of an operation, and changes those that the watcher wants to be others.
    private void watch(String operation, Object[] arguments) {
        switch (operation) {
            case "operand" -> {
                Set<PackedForm> all = EnumSet.copyOf(forms(arguments[2]));
                all.addAll(forms);
                arguments[2] = all;
            }
            case "embed" -> arguments[0] = watcher.instead((PackedMatrix) arguments[0]);
            case "multiply" -> {
                Worker worker = (Worker) arguments[5];
                int columns = ((PackedMatrix) arguments[0]).columns();
                tell(arguments, worker.from(columns), worker.to(columns));
            }
            case "multiplyTile" -> {
                boolean first = (int) arguments[3] == 0;
                tell(arguments, 0, first ? ((PackedMatrix) arguments[0]).columns() : 0);
            }
            default -> {}
        }
    }

    /// Both products begin with the matrix, the operand and the number of rows.
    private void tell(Object[] arguments, int from, int to) {
        PackedMatrix matrix = (PackedMatrix) arguments[0];
        if (from < to) {
            Operand x = (Operand) arguments[1];
            watcher.multiplied(matrix, x.values(), (int) arguments[2], from, to);
        }
        arguments[0] = watcher.instead(matrix);
    }

    @SuppressWarnings("unchecked") // the parameter of Operations.operand
    private static Set<PackedForm> forms(Object argument) {
        return (Set<PackedForm>) argument;
    }
}
