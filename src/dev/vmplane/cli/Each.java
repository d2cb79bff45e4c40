package dev.vmplane.cli;

import java.util.List;
import java.util.function.Consumer;

/** The same for each of several names: one that fails keeps none of the others from being done. */
final class Each {
    private Each() {}

    /** The exit status. Names that went well are results; what failed is complained of. */
    static int of(List<String> names, Output output, Consumer<String> task) {
        int status = 0;
        for (var name : names) {
            try {
                task.accept(name);
                output.result(name);
            } catch (ProblemException refused) {
                output.complain(refused);
                status = 1;
            }
        }
        return status;
    }
}
