package mobilellm.assembler;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One method of the assembler with its types made concrete: all there is to try it on every register and address.
///
/// @param parameters what to pass, in the order of the method
record Form(Method method, List<Parameter> parameters) {
    /// What one parameter takes.
    sealed interface Parameter {}

    record OfRegister(OperandKind kind) implements Parameter {
        @Override
        public String toString() {
            return kind.name();
        }
    }

    /// @param bytes of the vector that could stand here, or 0
    record OfMemory(int bytes) implements Parameter {
        @Override
        public String toString() {
            return "m" + (bytes == 0 ? "" : bytes * 8);
        }
    }

    record OfImmediate(Class<?> type) implements Parameter {
        @Override
        public String toString() {
            return type.getSimpleName();
        }
    }

    @Override
    public String toString() {
        return method.getName() + parameters;
    }

    /// Every form of every instruction, sorted by name; jumps are not among them.
    static List<Form> all() {
        var forms = new TreeMap<String, Form>();
        for (Class<?> group = MaskInstructions.class;
                group != Encoder.class;
                group = group.getSuperclass()) {
            for (Method method : group.getDeclaredMethods()) {
                if (Modifier.isPublic(method.getModifiers())
                        && !List.of(method.getParameterTypes()).contains(Label.class)) {
                    for (Form form : of(method)) {
                        forms.put(form.toString(), form);
                    }
                }
            }
        }
        return List.copyOf(forms.values());
    }

    private static List<Form> of(Method method) {
        TypeVariable<Method>[] variables = method.getTypeParameters();
        var forms = new ArrayList<Form>();
        if (variables.length == 0) {
            expand(method, Map.of(), 0, new ArrayList<>(), forms);
            return forms;
        }
        for (Class<?> type : List.of(R32.class, R64.class, Xmm.class, Ymm.class, Zmm.class)) {
            if (Arrays.stream(variables[0].getBounds())
                    .allMatch(bound -> raw(bound, Map.of()).isAssignableFrom(type))) {
                var assigned = new HashMap<String, Class<?>>();
                assigned.put(variables[0].getName(), type);
                assigned.put("H", type == Zmm.class ? Ymm.class : Xmm.class);
                expand(method, assigned, 0, new ArrayList<>(), forms);
            }
        }
        return forms;
    }

    /// A source can be a register or memory: these are two forms.
    private static void expand(
            Method method,
            Map<String, Class<?>> assigned,
            int index,
            List<Parameter> parameters,
            List<Form> forms) {
        if (index == method.getParameterCount()) {
            forms.add(new Form(method, List.copyOf(parameters)));
            return;
        }
        for (Parameter parameter : parameters(method.getGenericParameterTypes()[index], assigned)) {
            parameters.add(parameter);
            expand(method, assigned, index + 1, parameters, forms);
            parameters.removeLast();
        }
    }

    private static List<Parameter> parameters(Type type, Map<String, Class<?>> assigned) {
        Class<?> raw = raw(type, assigned);
        if (raw == Source.class || raw == Memory.class) {
            Class<?> like = raw(((ParameterizedType) type).getActualTypeArguments()[0], assigned);
            var memory = new OfMemory(isVector(like) ? OperandKind.of(like).bytes : 0);
            return raw == Memory.class
                    ? List.of(memory)
                    : List.of(new OfRegister(OperandKind.of(like)), memory);
        }
        return List.of(
                Register.class.isAssignableFrom(raw)
                        ? new OfRegister(OperandKind.of(raw))
                        : new OfImmediate(raw));
    }

    private static boolean isVector(Class<?> type) {
        return Vector.class.isAssignableFrom(type);
    }

    private static Class<?> raw(Type type, Map<String, Class<?>> assigned) {
        return switch (type) {
            case Class<?> simple -> simple;
            case ParameterizedType parameterized -> (Class<?>) parameterized.getRawType();
            default -> assigned.getOrDefault(type.getTypeName(), Object.class);
        };
    }
}
