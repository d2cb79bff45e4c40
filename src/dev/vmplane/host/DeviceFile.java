package dev.vmplane.host;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A service of the host's kernel, there for whoever may open its file. */
record DeviceFile(Path path) {

    /** Blocks for a moment. */
    boolean opens() {
        try (var device = FileChannel.open(path, READ, WRITE)) {
            return device.isOpen();
        } catch (IOException notForUs) {
            return false;
        }
    }
}
