package dev.vmplane.store;

/** The database must not be used. The message says why and what to do; it is for the operator, so it names files. */
public final class StoreRefusedException extends RuntimeException {
    public StoreRefusedException(String message) {
        super(message);
    }

    public StoreRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
