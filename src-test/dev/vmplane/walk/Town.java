package dev.vmplane.walk;

import dev.vmplane.host.network.Lab;
import dev.vmplane.image.PackedImage;
import dev.vmplane.image.TarBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A host with a control plane, real guests on taps, and a real registry at {@code localhost:5000}. Images are made of a
 * static busybox and a script.
 */
final class Town implements AutoCloseable {
    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final List<String> PROGRAMS = List.of(
            "echo", "head", "httpd", "id", "mkdir", "mv", "printf", "pwd", "sh", "stty", "touch", "usleep", "wget",
            "yes");
    private static final String REGISTRY = "localhost:5000/";

    final NetworkPlane plane = NetworkPlane.withOwnImages();
    private int layouts;

    Town() throws IOException {
        var home = plane.lab.work();
        var config = Files.writeString(
                home.resolve("registry.yml"),
                "version: 0.1\nhttp: {addr: '127.0.0.1:5000'}\nstorage: {filesystem: {rootdirectory: '"
                        + home.resolve("registry") + "'}}\n");
        plane.lab.start(
                plane.host,
                Map.of(),
                "sh",
                "-c",
                "exec docker-registry serve " + config + " >" + home.resolve("registry.log") + " 2>&1");
        Lab.await(() -> plane.lab.get(plane.host, "127.0.0.1", 5000, "/v2/").contains(" 200 OK"));
        plane.start();
    }

    /** An image whose program is a script, which finds the programs of busybox on its path. */
    static PackedImage image(String script) throws IOException {
        var programs = new TarBytes().folder("bin").file("bin/busybox", 0755, Files.readAllBytes(BUSYBOX));
        for (var name : PROGRAMS) {
            programs.symlink("bin/" + name, "busybox");
        }
        return new PackedImage()
                .layer(programs.file("start.sh", 0755, "#!/bin/busybox sh\n" + script)
                        .tar())
                .says("Entrypoint", new io.vertx.core.json.JsonArray().add("/start.sh"));
    }

    /** Puts an image into the registry, and answers what it is called. */
    String push(String name, PackedImage image) throws IOException {
        var layout = image.writeTo(plane.lab.work().resolve("layout-" + ++layouts));
        plane.lab.in(
                plane.host,
                "skopeo",
                "copy",
                "-q",
                "--dest-tls-verify=false",
                "oci:" + layout + ":" + PackedImage.TAG,
                "docker://" + REGISTRY + name);
        return REGISTRY + name;
    }

    /** What a person sees who types {@code vmplane} and {@code words}, and the status it ends with. */
    String vmplane(String words) {
        return shell(plane.program() + " " + words);
    }

    /** The same for somebody at a terminal of {@code rows} and {@code columns}. */
    String vmplaneAtTerminal(int rows, int columns, String words) throws IOException {
        var script = Files.writeString(
                plane.lab.work().resolve("typed.sh"),
                "stty rows " + rows + " cols " + columns + "\nexec " + plane.program() + " " + words + "\n");
        return shell("script -qec 'sh " + script + "' /dev/null");
    }

    private String shell(String line) {
        return plane.lab
                .in(plane.host, "sh", "-c", line + "; echo \"status $?\"")
                .replace("\r", "");
    }

    @Override
    public void close() throws IOException {
        plane.close();
    }
}
