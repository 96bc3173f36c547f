package mobilellm.template;

/// A text under construction that cannot outgrow its [Budget].
final class Output {
    private final Budget budget;
    private final StringBuilder text = new StringBuilder();

    Output(Budget budget) {
        this.budget = budget;
    }

    Output append(String part) {
        budget.requireLength((long) text.length() + part.length());
        budget.spendOnCharacters(part.length());
        text.append(part);
        return this;
    }

    Output repeat(String part, long count) {
        if (count <= 0 || part.isEmpty()) {
            return this;
        }
        budget.requireLength(count);
        long added = part.length() * count;
        budget.requireLength(text.length() + added);
        budget.spendOnCharacters(added);
        text.repeat(part, (int) count);
        return this;
    }

    int length() {
        return text.length();
    }

    Value.Text toValue() {
        return new Value.Text(text.toString());
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
