package dev.vmplane.image;

/** Texts of strangers made fit for a message: short, on one line. */
final class Words {
    private Words() {}

    static String shown(String text, int most) {
        var line = text.codePoints()
                .limit(most)
                .map(point -> Character.isISOControl(point) || !Character.isDefined(point) ? '?' : point)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return text.codePointCount(0, text.length()) > most ? line + "…" : line;
    }
}
