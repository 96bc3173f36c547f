package mobilellm.template;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;

/// The variables of a block. What is set inside is gone at its end; what is outside can be read.
final class Scope {
    private final @Nullable Scope outer;
    private final Map<String, Value> variables;

    private Scope(@Nullable Scope outer, Map<String, Value> variables) {
        this.outer = outer;
        this.variables = variables;
    }

    static Scope outermost(Map<String, Value> variables) {
        return new Scope(null, variables);
    }

    Scope inner() {
        return new Scope(this, new HashMap<>());
    }

    Value get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Value value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        return Value.Undefined.variable(name);
    }

    void set(String name, Value value) {
        variables.put(name, value);
    }
}
