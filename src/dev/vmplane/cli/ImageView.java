package dev.vmplane.cli;

import java.util.List;

/** One image as the server shows it. */
record ImageView(Document document) {
    private static final int SHORT_DIGEST = "sha256:".length() + 12;

    /** How far it is: {@code pulling}, {@code ready}, {@code failed} or {@code deleting}. */
    String state() {
        return document.text("state", "");
    }

    String digest() {
        return document.text("digest", "");
    }

    /** Enough of the digest to tell images apart. */
    String shortDigest() {
        return digest().substring(0, Math.min(SHORT_DIGEST, digest().length()));
    }

    List<String> references() {
        return document.texts("references");
    }

    /** TCP ports that its programs say they listen at. */
    List<Integer> exposedPorts() {
        return document.object("config").numbers("exposed_ports");
    }

    /** Of its root file system on the server's disk. */
    long bytes() {
        return document.number("bytes", 0);
    }

    /** Why it could not be fetched. */
    String trouble() {
        return document.text("detail", "the server does not say why");
    }

    PullProgress progress() {
        var progress = document.object("progress");
        return new PullProgress(
                progress.number("bytes", 0),
                progress.number("all_bytes", 0),
                progress.number("layers", 0),
                progress.number("all_layers", 0));
    }

    /** What keeps it from being removed, as far as one cell of a table shows it. */
    String users() {
        var jobs = document.texts("jobs");
        if (!jobs.isEmpty()) {
            return String.join(",", jobs);
        }
        var vms = document.texts("vms").size();
        return vms == 0 ? "" : vms + " VMs";
    }
}
