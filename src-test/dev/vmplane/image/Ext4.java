package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Looks into a file with an ext4 file system, which nobody has mounted. */
public record Ext4(Path file) {
    private static final Pattern MODE = Pattern.compile("Type: (\\S+) +Mode: +0*(\\d+)");
    private static final Pattern OWNER = Pattern.compile("User: +(\\d+) +Group: +(\\d+)");

    /** {@code regular 4755 33:42} and the like, or {@code nothing}. */
    public String of(String path) throws IOException {
        var stat = debugfs("stat " + path);
        var mode = MODE.matcher(stat);
        var owner = OWNER.matcher(stat);
        return mode.find() && owner.find()
                ? mode.group(1) + " " + mode.group(2) + " " + owner.group(1) + ":" + owner.group(2)
                : "nothing";
    }

    public String content(String path) throws IOException {
        return debugfs("cat " + path);
    }

    public String debugfs(String request) throws IOException {
        var process = new ProcessBuilder("debugfs", "-R", request, file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return new String(process.getInputStream().readAllBytes(), UTF_8);
    }

    /** What a check of the whole file system finds fault with; empty when it is sound. */
    public String faults() throws IOException {
        var process = new ProcessBuilder("e2fsck", "-fn", file.toString())
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        try {
            return process.waitFor() == 0 ? "" : said;
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }
}
