package mobilellm.config;

import java.util.ArrayList;
import java.util.List;

/// The sequence of visits that a forward pass makes. Everything that walks the layers (forward, backward, cache,
/// writers, counts) asks the plan; nothing else knows that blocks can be shared.
///
/// @param visits in order of execution
/// @param cacheSlots how many key/value slots the visits use
public record LayerPlan(List<Visit> visits, int cacheSlots) {
    /// One execution of a stored block.
    ///
    /// @param block index of the stored block whose weights are used
    /// @param cacheSlot key/value slot that this visit attends
    /// @param writesCache whether the visit stores its own keys and values in that slot first
    public record Visit(int block, int cacheSlot, boolean writesCache) {}

    public LayerPlan {
        visits = List.copyOf(visits);
    }

    public static LayerPlan of(int storedBlocks, LayerSharing sharing) {
        List<Integer> order = new ArrayList<>();
        int repeats = sharing.repeats();
        switch (sharing.strategy()) {
            case NONE, REPEAT_ALL_OVER -> {
                for (int repeat = 0; repeat < repeats; repeat++) {
                    for (int block = 0; block < storedBlocks; block++) {
                        order.add(block);
                    }
                }
            }
            case IMMEDIATE -> {
                for (int block = 0; block < storedBlocks; block++) {
                    for (int repeat = 0; repeat < repeats; repeat++) {
                        order.add(block);
                    }
                }
            }
            case REVERSE -> {
                for (int repeat = 0; repeat < repeats; repeat++) {
                    for (int step = 0; step < storedBlocks; step++) {
                        order.add(repeat % 2 == 0 ? step : storedBlocks - 1 - step);
                    }
                }
            }
        }
        return new LayerPlan(
                assignSlots(order, storedBlocks, sharing.cache()),
                slots(order, storedBlocks, sharing));
    }

    private static int slots(List<Integer> order, int storedBlocks, LayerSharing sharing) {
        return sharing.cache() == LayerSharing.Cache.OWN ? order.size() : storedBlocks;
    }

    private static List<Visit> assignSlots(
            List<Integer> order, int storedBlocks, LayerSharing.Cache cache) {
        List<Visit> visits = new ArrayList<>();
        boolean[] visited = new boolean[storedBlocks];
        for (int block : order) {
            visits.add(
                    switch (cache) {
                        case OWN -> new Visit(block, visits.size(), true);
                        case FIRST_VISIT -> new Visit(block, block, !visited[block]);
                    });
            visited[block] = true;
        }
        return visits;
    }
}
