package dev.vmplane.image;

import dev.vmplane.image.Manifest.Platform;
import dev.vmplane.image.Tool.Outcome;
import dev.vmplane.model.ImageReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks registries, and copies images from them and from archives, through the program of that name. Blocks. */
final class Skopeo {
    private static final Logger LOG = LoggerFactory.getLogger(Skopeo.class);

    /** Where the policy about signatures lies that the operator of this host may have. */
    private static final Path POLICY = Path.of("/etc/containers/policy.json");

    private final Tool tool;
    private final ImageSettings settings;

    Skopeo(Tool tool, ImageSettings settings) {
        this.tool = tool;
        this.settings = settings;
    }

    /** The manifest or index that {@code name}, a repository with a tag or digest, stands for. */
    byte[] manifest(ImageReference of, String name, Stop stop) throws IOException {
        return inspect(of, List.of("--raw"), name, stop);
    }

    /** The configuration of the image that {@code name} stands for. */
    byte[] config(ImageReference of, String name, Stop stop) throws IOException {
        return inspect(of, List.of("--raw", "--config"), name, stop);
    }

    private byte[] inspect(ImageReference of, List<String> what, String name, Stop stop) throws IOException {
        var command = command("inspect", Manifest.MAX_BYTES);
        command.addAll(what);
        command.addAll(access(of, "--"));
        command.add("docker://" + name);
        var outcome = tool.run(command, stop);
        if (!outcome.good()) {
            throw trouble(of, outcome);
        }
        if (outcome.output().length() > Manifest.MAX_BYTES) {
            throw ImageTrouble.bad("image_malformed", "its manifest has more than " + Manifest.MAX_BYTES + " bytes");
        }
        return outcome.output().getBytes();
    }

    /**
     * Copies an image into the layout {@code into} of the folder that is worked in, and its parts into {@code blobs}.
     *
     * @param from as skopeo calls it
     * @param maxBytes what one of its parts may have
     */
    void copy(ImageReference of, String from, String into, Path blobs, long maxBytes, Stop stop, Runnable meanwhile)
            throws IOException {
        var command = command("copy", maxBytes);
        command.addAll(List.of("--quiet", "--remove-signatures", "--dest-compress-format", "gzip"));
        command.addAll(access(of, "--src-"));
        command.addAll(List.of("--dest-shared-blob-dir", blobs.toString(), from, "oci:" + into + ":" + ImageFiles.TAG));
        var outcome = tool.run(command, stop, meanwhile);
        if (!outcome.good()) {
            throw trouble(of, outcome);
        }
    }

    private List<String> command(String verb, long maxFileBytes) {
        var platform = Platform.ofThisHost();
        var command = new ArrayList<>(List.of(
                tool.program("setpriv", "util-linux"),
                "--pdeathsig=KILL",
                tool.program("prlimit", "util-linux"),
                "--core=0",
                "--fsize=" + maxFileBytes,
                tool.program("skopeo", "skopeo"),
                "--override-os",
                platform.os(),
                "--override-arch",
                platform.architecture(),
                "--tmpdir",
                tool.work().toString()));
        if (!Files.exists(POLICY)) {
            command.add("--insecure-policy");
        }
        command.add(verb);
        return command;
    }

    /** How a registry may be asked; nothing is asked for an archive. */
    private List<String> access(ImageReference of, String prefix) {
        if (of.kind() != ImageReference.Kind.REGISTRY) {
            return List.of();
        }
        var options = new ArrayList<String>();
        if (settings.plainHttp().contains(of.registry())) {
            options.add(prefix + "tls-verify=false");
        }
        if (settings.authFile() != null && Files.isReadable(settings.authFile())) {
            options.addAll(List.of("--authfile", settings.authFile().toString()));
        }
        return options;
    }

    private static ImageTrouble trouble(ImageReference of, Outcome outcome) {
        LOG.atInfo()
                .addKeyValue("image", of.text())
                .addKeyValue("error", SkopeoComplaint.shown(SkopeoComplaint.message(outcome.complaint())))
                .log("skopeo failed");
        return of.kind() == ImageReference.Kind.REGISTRY
                ? SkopeoComplaint.understand(outcome.complaint(), "its registry", of.registry())
                : SkopeoComplaint.understand(outcome.complaint(), "its archive", "");
    }
}
