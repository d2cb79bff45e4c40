package dev.vmplane.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/** What can be said of a job in the words of {@code run}. Null is left to the image and the server. */
final class RunOptions {
    /** What the end of the program means for the job. */
    enum Lifecycle {
        SERVICE,
        DAEMON,
        JOB;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--name",
            paramLabel = "JOB",
            description = "The job's id (default: one made from the image's name).")
    String name;

    @Option(names = "--tenant", paramLabel = "TENANT", description = "Whose it is (default: the job's own).")
    String tenant;

    @Option(
            names = {"-e", "--env"},
            paramLabel = "NAME[=VALUE]",
            description = "A variable, or one of this environment.")
    List<String> variables = List.of();

    @Option(names = "--env-file", paramLabel = "FILE", description = "Variables, one a line.")
    List<Path> variableFiles = List.of();

    @Option(
            names = {"-p", "--publish"},
            paramLabel = "[HOSTPORT:]PORT",
            description = "The port the program listens at. With HOSTPORT, that port of this host leads there while"
                    + " the command runs.")
    String port;

    @Option(
            names = {"-m", "--memory"},
            paramLabel = "SIZE",
            description = "Such as 512m or 2g.")
    String memory;

    @Option(names = "--cpus", paramLabel = "N", description = "Virtual CPUs, whole ones.")
    Integer cpus;

    @Option(names = "--disk", paramLabel = "SIZE", description = "How much it can write that no volume takes.")
    String disk;

    @Option(
            names = {"-v", "--volume"},
            paramLabel = "NAME:/PATH[:SIZE]",
            description = "A volume, which outlives the VM; 1g unless a size is given.")
    List<String> volumes = List.of();

    @Option(
            names = {"-u", "--user"},
            paramLabel = "USER[:GROUP]",
            description = "Who runs the program.")
    String user;

    @Option(
            names = {"-w", "--workdir"},
            paramLabel = "DIR",
            description = "Where it starts.")
    String workdir;

    @Option(names = "--entrypoint", paramLabel = "PROGRAM", description = "Instead of the image's; empty for none.")
    String entrypoint;

    @Option(names = "--kernel", paramLabel = "NAME", description = "One of 'vmplane kernel ls'.")
    String kernel;

    @Option(
            names = "--lifecycle",
            paramLabel = "KIND",
            description = {
                "service: served, restarted when it ends; usual with -p, or for the command of an image that exposes a port.",
                "daemon: as a service, but not served.",
                "job: runs to its end once; usual otherwise."
            })
    String lifecycle;

    @Option(names = "--replicas", paramLabel = "N", description = "How many VMs.")
    Integer replicas;

    @Option(names = "--warm", paramLabel = "MIN[:MAX]", description = "VMs that wait, booted, to take over.")
    String warm;

    @Option(names = "--host", paramLabel = "NAME", description = "A name that it is served under too.")
    String host;

    @Option(names = "--health", paramLabel = "CHECK", description = "http:/path, tcp or none.")
    String health;

    @Option(names = "--timeout", paramLabel = "TIME", description = "Of a job: the longest it may run, such as 10m.")
    String timeout;

    @Option(
            names = {"-l", "--label"},
            paramLabel = "NAME=VALUE",
            description = "A label.")
    List<String> labels = List.of();

    @Option(names = "--rm", description = "Removes the job at its end.")
    boolean remove;

    @Option(
            names = {"-i", "--interactive"},
            description = "Passes standard input on to the program.")
    boolean interactive;

    @Option(
            names = {"-t", "--tty"},
            description = "Gives the program a terminal, and this one to it.")
    boolean tty;

    @Option(
            names = {"-d", "--detach"},
            description = "Does not wait; prints the job's id.")
    boolean detach;

    /** Whether the program runs at this command's hands, and its VM waits for it. */
    boolean attended() {
        return interactive || tty;
    }

    PublishedPort published() {
        return port == null ? null : PublishedPort.of(port);
    }
}
