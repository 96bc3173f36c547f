package mobilellm.app;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The tokens with the largest logits, the largest first and the lower id first among equals.
record TopLogits(List<Entry> entries) {
    /// @param id of a token
    record Entry(int id, float logit) {
        Map<String, Object> json() {
            Map<String, Object> object = new LinkedHashMap<>();
            object.put("id", id);
            object.put("logit", logit);
            return object;
        }
    }

    /// Insertion into a short sorted list: nearly all logits fail the comparison with its last.
    static TopLogits of(float[] logits, int count) {
        int[] ids = new int[Math.min(count, logits.length)];
        int size = 0;
        for (int id = 0; id < logits.length; id++) {
            if (size == ids.length && !(logits[id] > logits[ids[size - 1]])) {
                continue;
            }
            int place = size < ids.length ? size++ : size - 1;
            while (place > 0 && logits[id] > logits[ids[place - 1]]) {
                ids[place] = ids[place - 1];
                place--;
            }
            ids[place] = id;
        }
        List<Entry> entries = new ArrayList<>();
        for (int id : ids) {
            entries.add(new Entry(id, logits[id]));
        }
        return new TopLogits(List.copyOf(entries));
    }

    List<Map<String, Object>> json() {
        return entries.stream().map(Entry::json).toList();
    }
}
