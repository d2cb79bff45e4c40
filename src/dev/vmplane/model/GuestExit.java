package dev.vmplane.model;

/** How the guest's program ended, as far as the guest told: by {@code status}, by {@code signal}, or unknown. */
public record GuestExit(Integer status, Integer signal) {
    public static final GuestExit UNKNOWN = new GuestExit(null, null);

    public boolean success() {
        return status != null && status == 0;
    }

    @Override
    public String toString() {
        if (status != null) {
            return "status " + status;
        }
        return signal != null ? "signal " + signal : "unknown";
    }
}
