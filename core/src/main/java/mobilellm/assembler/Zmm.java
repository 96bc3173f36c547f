package mobilellm.assembler;

/// A vector register of 512 bits.
public record Zmm(int number, Masking masking) implements Vector<Zmm, Ymm>, Wide {
    public Zmm {
        Registers.checkNumber(number, 32);
    }

    @Override
    public int bytes() {
        return 64;
    }

    @Override
    public Zmm masked(Mask mask) {
        return new Zmm(number, new Masking(mask, false));
    }

    @Override
    public Zmm zeroed(Mask mask) {
        return new Zmm(number, new Masking(mask, true));
    }

    @Override
    public String toString() {
        return "zmm" + number + masking;
    }
}
