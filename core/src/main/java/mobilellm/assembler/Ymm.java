package mobilellm.assembler;

/// A vector register of 256 bits.
public record Ymm(int number, Masking masking) implements Vector<Ymm, Xmm>, Narrow, Wide {
    public Ymm {
        Registers.checkNumber(number, 32);
    }

    @Override
    public int bytes() {
        return 32;
    }

    @Override
    public Ymm masked(Mask mask) {
        return new Ymm(number, new Masking(mask, false));
    }

    @Override
    public Ymm zeroed(Mask mask) {
        return new Ymm(number, new Masking(mask, true));
    }

    @Override
    public String toString() {
        return "ymm" + number + masking;
    }
}
