package dev.vmplane.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The hypervisors there are drivers for. */
public enum Backend {
    FIRECRACKER,
    CLOUD_HYPERVISOR,
    QEMU,
    /** Not a hypervisor: answers like Firecracker and runs nothing. */
    SIMULATOR;

    /** As it is written in {@code FC_BACKEND}, in the configuration and in answers. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The backend written as {@code text}.
     *
     * @throws IllegalArgumentException naming the values there are
     */
    public static Backend of(String text) {
        return Arrays.stream(values())
                .filter(backend -> backend.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is not one of "
                        + Arrays.stream(values()).map(Backend::text).collect(Collectors.joining(", "))));
    }
}
