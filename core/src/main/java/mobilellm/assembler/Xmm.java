package mobilellm.assembler;

/// A vector register of 128 bits.
public record Xmm(int number, Masking masking) implements Vector<Xmm, Xmm>, Narrow {
    public Xmm {
        Registers.checkNumber(number, 32);
    }

    @Override
    public int bytes() {
        return 16;
    }

    @Override
    public Xmm masked(Mask mask) {
        return new Xmm(number, new Masking(mask, false));
    }

    @Override
    public Xmm zeroed(Mask mask) {
        return new Xmm(number, new Masking(mask, true));
    }

    @Override
    public String toString() {
        return "xmm" + number + masking;
    }
}
