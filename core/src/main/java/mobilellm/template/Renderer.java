package mobilellm.template;

import mobilellm.template.Expression.CallArguments;
import mobilellm.template.Statement.Branch;
import mobilellm.template.Statement.FilterCall;
import mobilellm.template.Statement.Macro;
import mobilellm.template.Statement.NamespaceAttribute;
import mobilellm.template.Statement.Parameter;
import mobilellm.template.Statement.Target;
import mobilellm.template.Statement.Unpacking;
import mobilellm.template.Statement.Variable;
import mobilellm.template.Value.Dict;
import mobilellm.template.Value.Function;
import mobilellm.template.Value.Namespace;
import mobilellm.template.Value.Text;
import mobilellm.template.Value.Tuple;
import mobilellm.template.Value.Undefined;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Runs the statements of a template, once.
final class Renderer {
    private final Budget budget;
    private final Evaluator evaluator;
    private final Output whole;
    private final List<Rendering.Span> generationSpans = new ArrayList<>();

    private Renderer(Budget budget) {
        this.budget = budget;
        this.evaluator = new Evaluator(budget);
        this.whole = new Output(budget);
    }

    static Rendering render(
            List<Statement> template, Map<String, Value> variables, RenderLimits limits) {
        Renderer renderer = new Renderer(new Budget(limits));
        renderer.run(template, Scope.outermost(variables).inner(), renderer.whole);
        return new Rendering(renderer.whole.toString(), renderer.generationSpans);
    }

    /// How to go on after a statement.
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private Flow run(List<Statement> statements, Scope scope, Output output) {
        for (Statement statement : statements) {
            Flow flow;
            try {
                budget.enter();
                flow = run(statement, scope, output);
                budget.leave();
            } catch (EvaluationException e) {
                throw new TemplateException(statement.line(), e.reason());
            }
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Statement statement, Scope scope, Output output) {
        return switch (statement) {
            case Statement.Text text -> {
                output.append(text.text());
                yield Flow.NEXT;
            }
            case Statement.Print print -> {
                output.append(Printer.text(budget, evaluator.evaluate(print.value(), scope)));
                yield Flow.NEXT;
            }
            case Statement.If conditional -> run(chosen(conditional, scope), scope, output);
            case Statement.For loop -> loop(loop, scope, output);
            case Statement.Break _ -> Flow.BREAK;
            case Statement.Continue _ -> Flow.CONTINUE;
            case Statement.Set set -> {
                assign(set.target(), evaluator.evaluate(set.value(), scope), scope);
                yield Flow.NEXT;
            }
            case Statement.SetBlock set -> {
                Output body = new Output(budget);
                Flow flow = run(set.body(), scope.inner(), body);
                if (flow == Flow.NEXT) {
                    assign(set.target(), filtered(body, set.filters(), scope), scope);
                }
                yield flow;
            }
            case Statement.FilterBlock filter -> {
                Output body = new Output(budget);
                Flow flow = run(filter.body(), scope.inner(), body);
                if (flow == Flow.NEXT) {
                    output.append(Printer.text(budget, filtered(body, filter.filters(), scope)));
                }
                yield flow;
            }
            case Statement.With with -> {
                Scope inner = scope.inner();
                for (Statement.Set set : with.assignments()) {
                    assign(set.target(), evaluator.evaluate(set.value(), scope), inner);
                }
                yield run(with.body(), inner, output);
            }
            case Statement.MacroDefinition definition -> {
                Macro macro = definition.macro();
                scope.set(macro.name(), function(macro, scope));
                yield Flow.NEXT;
            }
            case Statement.CallBlock block -> {
                output.append(Printer.text(budget, call(block, scope)));
                yield Flow.NEXT;
            }
            case Statement.Generation generation -> {
                int start = output.length();
                run(generation.body(), scope.inner(), output);
                if (output.equals(whole)) {
                    generationSpans.add(new Rendering.Span(start, output.length()));
                }
                yield Flow.NEXT;
            }
        };
    }

    private List<Statement> chosen(Statement.If conditional, Scope scope) {
        for (Branch branch : conditional.branches()) {
            if (evaluator.truth(branch.condition(), scope)) {
                return branch.body();
            }
        }
        return conditional.otherwise();
    }

    private Value filtered(Output body, List<FilterCall> filters, Scope scope) {
        Value value = body.toValue();
        for (FilterCall call : filters) {
            value =
                    evaluator.filter(
                            call.filter(), value, evaluator.arguments(call.arguments(), scope));
        }
        return value;
    }

    private Flow loop(Statement.For loop, Scope scope, Output output) {
        return loop(loop, evaluator.evaluate(loop.items(), scope), 1, scope, output);
    }

    /// @param depth how often the loop has called itself, plus one
    private Flow loop(Statement.For loop, Value iterable, int depth, Scope scope, Output output) {
        List<Value> items = selected(loop, evaluator.iterate(iterable), scope);
        if (items.isEmpty()) {
            return run(loop.otherwise(), scope.inner(), output);
        }
        Function recursion =
                new Function("loop", (_, arguments) -> recur(loop, arguments, depth + 1, scope));
        Loop state = new Loop(items, depth, recursion);
        for (int i = 0; i < items.size(); i++) {
            state.moveTo(i);
            Scope inner = scope.inner();
            inner.set("loop", state);
            assign(loop.target(), items.get(i), inner);
            if (run(loop.body(), inner, output) == Flow.BREAK) {
                break;
            }
        }
        return Flow.NEXT;
    }

    private List<Value> selected(Statement.For loop, List<Value> items, Scope scope) {
        if (loop.condition().isEmpty()) {
            return items;
        }
        List<Value> selected = new ArrayList<>();
        for (Value item : items) {
            Scope inner = scope.inner();
            assign(loop.target(), item, inner);
            if (evaluator.truth(loop.condition().get(), inner)) {
                selected.add(item);
            }
        }
        return selected;
    }

    /// `loop(items)` within the loop's body: the same loop over other items.
    private Value recur(Statement.For loop, Arguments arguments, int depth, Scope scope) {
        Output output = new Output(budget);
        loop(loop, arguments.bind("loop", List.of("iterable")).value(0), depth, scope, output);
        return output.toValue();
    }

    private void assign(Target target, Value value, Scope scope) {
        switch (target) {
            case Variable(String name) -> scope.set(name, value);
            case NamespaceAttribute(String name, String attribute) -> {
                if (!(scope.get(name) instanceof Namespace namespace)) {
                    throw new EvaluationException(
                            "cannot set '%s.%s': only a namespace() has attributes that can be set"
                                    .formatted(name, attribute));
                }
                namespace.attributes().put(attribute, value);
            }
            case Unpacking(List<Target> targets) -> {
                List<Value> values = evaluator.iterate(value);
                if (values.size() != targets.size()) {
                    throw new EvaluationException(
                            "cannot unpack %d values into %d names"
                                    .formatted(values.size(), targets.size()));
                }
                for (int i = 0; i < targets.size(); i++) {
                    assign(targets.get(i), values.get(i), scope);
                }
            }
        }
    }

    private Value call(Statement.CallBlock block, Scope scope) {
        Value callee = evaluator.evaluate(block.call().callee(), scope);
        CallArguments written = block.call().arguments();
        Arguments arguments = evaluator.arguments(written, scope);
        Map<String, Value> named = new LinkedHashMap<>(arguments.named());
        named.put("caller", function(block.caller(), scope));
        return evaluator.call(callee, new Arguments(arguments.positional(), named));
    }

    private Function function(Macro macro, Scope definedIn) {
        return new Function(
                macro.name(), (_, arguments) -> call(macro, arguments, definedIn.inner()));
    }

    private Text call(Macro macro, Arguments arguments, Scope scope) {
        Map<String, Value> named = new HashMap<>(arguments.named());
        Value caller = named.remove("caller");
        scope.set("caller", caller == null ? Undefined.variable("caller") : caller);
        List<Parameter> parameters = macro.parameters();
        List<Value> positional = arguments.positional();
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            Value byName = named.remove(parameter.name());
            if (i < positional.size() && byName != null) {
                throw new EvaluationException(
                        "macro '%s' got two values for '%s'"
                                .formatted(macro.name(), parameter.name()));
            }
            Value value = i < positional.size() ? positional.get(i) : byName;
            scope.set(parameter.name(), value == null ? fallback(parameter, scope) : value);
        }
        takeOthers(macro, positional, named, scope);
        Output output = new Output(budget);
        run(macro.body(), scope, output);
        return output.toValue();
    }

    private Value fallback(Parameter parameter, Scope scope) {
        return parameter
                .fallback()
                .map(expression -> evaluator.evaluate(expression, scope))
                .orElseGet(
                        () ->
                                new Undefined(
                                        "parameter '" + parameter.name() + "' was not provided"));
    }

    /// Arguments that no parameter takes.
    private static void takeOthers(
            Macro macro, List<Value> positional, Map<String, Value> named, Scope scope) {
        int count = macro.parameters().size();
        if (macro.usesVarargs()) {
            scope.set(
                    "varargs",
                    Tuple.of(
                            positional.subList(
                                    Math.min(count, positional.size()), positional.size())));
        } else if (positional.size() > count) {
            throw new EvaluationException(
                    "macro '%s' takes at most %d arguments, got %d"
                            .formatted(macro.name(), count, positional.size()));
        }
        if (macro.usesKwargs()) {
            Map<Value.DictKey, Value> entries = new LinkedHashMap<>();
            named.forEach((name, value) -> entries.put(new Value.DictKey(new Text(name)), value));
            scope.set("kwargs", new Dict(entries));
        } else if (!named.isEmpty()) {
            throw new EvaluationException(
                    "macro '%s' has no parameter '%s'"
                            .formatted(macro.name(), named.keySet().iterator().next()));
        }
    }
}
