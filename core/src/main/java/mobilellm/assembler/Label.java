package mobilellm.assembler;

/// A place in code, made by [Assembler#label()] and given its position by [Assembler#bind].
public final class Label implements Item {
    private final String name;

    Label(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
