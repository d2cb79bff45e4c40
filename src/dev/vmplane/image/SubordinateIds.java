package dev.vmplane.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Users, or groups, of this host that one of its users may give to others in a user namespace: see subuid(5). */
record SubordinateIds(long first, long count) {

    /** The first range that {@code file} gives to a user. Blocks. */
    static SubordinateIds of(String file, int uid) throws IOException {
        var name = System.getProperty("user.name");
        try {
            for (var line : Files.readAllLines(Path.of(file))) {
                var fields = line.strip().split(":", -1);
                if (fields.length == 3
                        && (fields[0].equals(name) || fields[0].equals(Integer.toString(uid)))
                        && fields[1].matches("[0-9]{1,10}")
                        && fields[2].matches("[0-9]{1,10}")) {
                    return new SubordinateIds(Long.parseLong(fields[1]), Long.parseLong(fields[2]));
                }
            }
        } catch (NoSuchFileException none) {
            throw missing();
        }
        throw missing();
    }

    static ImageTrouble missing() {
        return ImageTrouble.unavailable(
                "image_no_namespace",
                "the server is not root, and its user has no users to unpack images as: install uidmap and give it"
                        + " some (usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER), or run it as root");
    }
}
