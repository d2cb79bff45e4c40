package dev.vmplane.model;

/**
 * An answer of no that the caller can act on, as opposed to a defect. Crosses the bus as a value and becomes an HTTP
 * status in one place of {@code api}.
 *
 * @param code stable, in snake case
 * @param field path of the part at fault, such as {@code spec.resources.vcpu}, or null
 * @param message what is wrong and what to do; may be shown to the tenant
 */
public record Refusal(Kind kind, String code, String field, String message) {

    public enum Kind {
        /** The request cannot be understood. */
        BAD_INPUT,
        /** It is understood and asks for something that cannot be. */
        INVALID,
        NOT_FOUND,
        /** It contradicts what is there now. */
        CONFLICT,
        /** It was made for something that has changed since. */
        OUTDATED,
        /** A queue is full; later it may do. */
        BUSY,
        /** A part that is needed is out of order. */
        UNAVAILABLE
    }

    public static Refusal invalid(String code, String field, String message) {
        return new Refusal(Kind.INVALID, code, field, message);
    }

    public static Refusal notFound(String code, String message) {
        return new Refusal(Kind.NOT_FOUND, code, null, message);
    }

    public RefusedException asException() {
        return new RefusedException(this);
    }
}
