package mobilellm.assembler;

/// What happens to the elements of a destination whose mask bit is 0: they stay, or become 0 when `zeroing`.
record Masking(Mask mask, boolean zeroing) {
    static final Masking NONE = new Masking(new Mask(0), false);

    Masking {
        if (zeroing && mask.number() == 0) {
            throw new IllegalArgumentException("zeroing needs a mask of k1 to k7, got k0");
        }
    }

    @Override
    public String toString() {
        return mask.number() == 0 ? "" : "{" + mask + "}" + (zeroing ? "{z}" : "");
    }
}
