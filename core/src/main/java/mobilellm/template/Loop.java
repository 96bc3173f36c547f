package mobilellm.template;

import mobilellm.template.Value.Bool;
import mobilellm.template.Value.Function;
import mobilellm.template.Value.Int;
import mobilellm.template.Value.Undefined;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// The variable `loop` inside a `for`.
final class Loop implements Value {
    private final List<Value> items;
    private final int depth;
    private final Function recursion;
    private int index;
    private @Nullable List<Value> lastChanged;

    /// @param depth 1 for a loop that is not within a recursion of itself
    /// @param recursion what `loop(items)` calls
    Loop(List<Value> items, int depth, Function recursion) {
        this.items = items;
        this.depth = depth;
        this.recursion = recursion;
    }

    void moveTo(int newIndex) {
        index = newIndex;
    }

    Function recursion() {
        return recursion;
    }

    Value attribute(String name) {
        int count = items.size();
        return switch (name) {
            case "index" -> Int.of(index + 1);
            case "index0" -> Int.of(index);
            case "revindex" -> Int.of(count - index);
            case "revindex0" -> Int.of(count - index - 1);
            case "first" -> Bool.of(index == 0);
            case "last" -> Bool.of(index == count - 1);
            case "length" -> Int.of(count);
            case "depth" -> Int.of(depth);
            case "depth0" -> Int.of(depth - 1);
            case "previtem" ->
                    index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
            case "nextitem" ->
                    index + 1 < count
                            ? items.get(index + 1)
                            : new Undefined("there is no next item");
            case "cycle" -> new Function("cycle", (_, arguments) -> cycle(arguments.positional()));
            case "changed" ->
                    new Function(
                            "changed",
                            (budget, arguments) -> changed(budget, arguments.positional()));
            default -> new Undefined("'loop' has no attribute '" + name + "'");
        };
    }

    private Value cycle(List<Value> choices) {
        if (choices.isEmpty()) {
            throw new EvaluationException("no items for cycling given");
        }
        return choices.get(index % choices.size());
    }

    private Value changed(Budget budget, List<Value> values) {
        List<Value> previous = lastChanged;
        lastChanged = new ArrayList<>(values);
        return Bool.of(
                previous == null
                        || !Operators.equal(budget, new Array(previous), new Array(values)));
    }
}
