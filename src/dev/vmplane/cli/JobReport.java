package dev.vmplane.cli;

import java.util.Comparator;
import java.util.Optional;

/** One job as the server shows it. */
record JobReport(Document document) {
    private static final int SIGNALLED = 128;
    private static final String NEVER_RAN = "the guest cannot ";

    String id() {
        return document.text("job_id", "");
    }

    /** In one word, such as {@code running}. */
    String state() {
        return status().text("state", "");
    }

    /** Waiting longer changes nothing. */
    boolean over() {
        return switch (state()) {
            case "succeeded", "failed", "stopped" -> true;
            default -> false;
        };
    }

    boolean running() {
        return state().equals("running");
    }

    /** The host boots others first, which rarely lasts. */
    boolean waitsForItsTurn() {
        return status().object("reason").text("code", "").equals("no_boot_slot");
    }

    String lifecycle() {
        return spec().text("lifecycle", "");
    }

    long replicas() {
        return spec().number("replicas", 1);
    }

    String ready() {
        return status().number("ready", 0) + "/" + status().number("replicas", 0);
    }

    /** Why it does not move, for people; empty while it does. */
    String reason() {
        return status().object("reason").text("detail", "");
    }

    /** Why the guest could not run the program at all, if that is how it ended. */
    Optional<String> neverRan() {
        var at = reason().indexOf(NEVER_RAN);
        return at < 0 ? Optional.empty() : Optional.of(reason().substring(at));
    }

    /** The image without its digest, which nobody reads, or the file. */
    String bootsFrom() {
        return spec().text("image", spec().text("rootfs", "")).replaceFirst("(?<=.)@sha256:.*", "");
    }

    Document spec() {
        return document.object("spec");
    }

    /** How the last attempt's program ended, as a shell has it: 128 and the signal, if it was one. */
    Optional<Integer> exitStatus() {
        if (status().has("exit")) {
            return exitStatus(status().object("exit"));
        }
        return document.objects("instances").stream()
                .filter(vm -> vm.has("exit"))
                .max(Comparator.comparing(vm -> vm.text("since", "")))
                .flatMap(vm -> exitStatus(vm.object("exit")));
    }

    /** Nothing when neither is said. */
    static Optional<Integer> exitStatus(Document exit) {
        if (exit.has("status")) {
            return Optional.of((int) exit.number("status", 0));
        }
        return exit.has("signal") ? Optional.of(SIGNALLED + (int) exit.number("signal", 0)) : Optional.empty();
    }

    private Document status() {
        return document.object("status");
    }
}
