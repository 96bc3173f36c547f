package mobilellm.kernel;

import mobilellm.kernel.ThreadTeam.Worker;

/// A stretch of a pass over one row that is the same for every token: the same operations on the same memory, with barriers between them. What a
/// provider has recorded of it, it can do again without going through Java for each operation.
///
/// Each member asks for [#replay]. Where that did nothing, it runs the operations, and [Operations#barrier] in place of
/// [Worker#barrier], and ends with [#keep].
public interface Recording {
    /// Of providers that record nothing.
    Recording NONE =
            new Recording() {
                @Override
                public boolean replay(Sequences sequences, Worker worker) {
                    return false;
                }

                @Override
                public void keep(Worker worker) {}
            };

    /// Does again what the member has recorded; false where that is nothing, and what it does next is recorded.
    ///
    /// @param sequences whose first row it is about
    boolean replay(Sequences sequences, Worker worker);

    /// The stretch ends here.
    void keep(Worker worker);
}
