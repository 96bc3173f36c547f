import mobilellm.assembler.Code;
import mobilellm.assembler.CpuTier;
import mobilellm.kernel.machine.KernelListings;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Prints which kernels there are in machine code, or their instructions: labels, offsets, bytes and text, as the encoder recorded them.
///
///     java -cp app/target/mobilellm.jar dev/KernelListing.java                        # names and sizes
///     java -cp app/target/mobilellm.jar dev/KernelListing.java --verbose product-q4_0-1
///     java -cp app/target/mobilellm.jar dev/KernelListing.java --tier avx2 --verbose rms-norm swiglu
///
/// The tier is `avx512-vnni` where none is named. Nothing is run: any tier can be listed anywhere.
final class KernelListing {
    private KernelListing() {}

    public static void main(String[] arguments) {
        CpuTier tier = CpuTier.AVX512_VNNI;
        boolean verbose = false;
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--verbose" -> verbose = true;
                case "--tier" ->
                        tier =
                                CpuTier.valueOf(
                                        arguments[++i].toUpperCase(Locale.ROOT).replace('-', '_'));
                default -> wanted.add(arguments[i]);
            }
        }
        Map<String, Code> kernels = KernelListings.of(tier);
        for (String name : wanted.isEmpty() ? kernels.keySet() : wanted) {
            Code code = kernels.get(name);
            if (code == null) {
                System.err.println(
                        "there is no kernel '%s'; without names all are told".formatted(name));
                System.exit(2);
            }
            System.out.println("%-32s %6d bytes".formatted(name, code.size()));
            if (verbose) {
                System.out.println(code.listing());
            }
        }
    }
}
