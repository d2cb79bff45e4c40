package dev.vmplane.cli;

/** Names of images that no registry has: they begin with {@code localhost/}. */
final class LocalName {
    private static final String HOST = "localhost/";

    private LocalName() {}

    /** The whole name for one that may lack its beginning. */
    static String of(String written) {
        var slash = written.indexOf('/');
        var first = slash < 0 ? "" : written.substring(0, slash);
        if (first.equals("localhost")) {
            return written;
        }
        if (first.contains(".") || first.contains(":")) {
            throw new CommandException(
                    "an image made here cannot be called '" + written + "': " + first + " is a registry",
                    "Names of images made here begin with localhost/ or with no host at all.");
        }
        return HOST + written;
    }
}
