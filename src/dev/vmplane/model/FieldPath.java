package dev.vmplane.model;

/** Names a place in a document, such as {@code spec.resources.vcpu} or {@code vms[2].job_id}. */
public final class FieldPath {
    private static final int MAX_NAME = 64;

    private FieldPath() {}

    /** The field {@code name} of the object at {@code parent}; an empty parent is the document itself. */
    public static String of(String parent, String name) {
        var shown = printable(name);
        return parent.isEmpty() ? shown : parent + "." + shown;
    }

    public static String of(String parent, int index) {
        return parent + "[" + index + "]";
    }

    /** The place that {@code path} is a part of; empty for the document itself. */
    public static String parent(String path) {
        return path.substring(0, Math.max(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))));
    }

    /** Text of a stranger made fit for a message: short, on one line. */
    static String printable(String text) {
        var shown = text.length() > MAX_NAME ? text.substring(0, MAX_NAME) + "…" : text;
        return shown.codePoints()
                .map(point -> Character.isISOControl(point) || isSurrogate(point) ? '?' : point)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Whether {@code point} is half of a character: code points of a well-formed text never are. */
    static boolean isSurrogate(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }
}
