package dev.vmplane;

import java.util.List;

/** Everything that is wrong with a configuration, one sentence each, with the place to mend it. */
public final class ConfigException extends RuntimeException {
    private final transient List<String> faults;

    ConfigException(List<String> faults) {
        super(String.join("\n", faults), null, false, false);
        this.faults = List.copyOf(faults);
    }

    public List<String> faults() {
        return faults;
    }
}
