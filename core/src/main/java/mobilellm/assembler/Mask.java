package mobilellm.assembler;

/// A mask register, one bit for each element of a vector: k0 to k7. As the mask of an instruction k0 means none.
public record Mask(int number) implements Register<Mask> {
    public Mask {
        Registers.checkNumber(number, 8);
    }

    @Override
    public String toString() {
        return "k" + number;
    }
}
